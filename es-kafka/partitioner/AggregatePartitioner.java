import java.nio.charset.StandardCharsets;
import java.util.Map;

import org.apache.kafka.clients.producer.Partitioner;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.utils.Utils;

/**
 * Keeps an aggregate in one partition: Debezium's key is the row's whole primary key, of which only the
 * {@code aggregate_id} decides here.
 *
 * <p>For the standalone agent, which has no transforms: compile it against the agent's jar, put it on the class
 * path, and set {@code kafka.producer.partitioner.class=AggregatePartitioner}. The choice is that of Kafka's own
 * partitioner for a record whose key is the id's UTF-8 bytes.
 */
public class AggregatePartitioner implements Partitioner {
    private static final byte[] FIELD = "\"aggregate_id\":".getBytes(StandardCharsets.UTF_8);

    @Override
    public int partition(String topic, Object key, byte[] keyBytes, Object value, byte[] valueBytes, Cluster cluster) {
        int count = cluster.partitionsForTopic(topic).size();
        return Utils.toPositive(Utils.murmur2(idIn(keyBytes))) % count;
    }

    /** The aggregate's id as UTF-8; the whole key where there is none, so that other tables are spread too. */
    static byte[] idIn(byte[] key) {
        if (key == null) {
            return new byte[0];
        }
        // With schemas, the field's name is also a value in the schema, but never before a colon.
        int at = indexAfter(key, FIELD);
        while (at >= 0 && at < key.length && key[at] == ' ') {
            at++;
        }
        if (at < 0 || at >= key.length || key[at] != '"') {
            return key;
        }
        StringBuilder id = new StringBuilder();
        String text = new String(key, at + 1, key.length - at - 1, StandardCharsets.UTF_8);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"') {
                return id.toString().getBytes(StandardCharsets.UTF_8);
            }
            if (c != '\\') {
                id.append(c);
                continue;
            }
            if (++i >= text.length()) {
                return key;
            }
            switch (text.charAt(i)) {
                case 'b': id.append('\b'); break;
                case 'f': id.append('\f'); break;
                case 'n': id.append('\n'); break;
                case 'r': id.append('\r'); break;
                case 't': id.append('\t'); break;
                case 'u':
                    if (i + 4 >= text.length()) {
                        return key;
                    }
                    try {
                        id.append((char) Integer.parseInt(text.substring(i + 1, i + 5), 16));
                    } catch (NumberFormatException bad) {
                        return key;
                    }
                    i += 4;
                    break;
                default: id.append(text.charAt(i));
            }
        }
        return key;
    }

    private static int indexAfter(byte[] key, byte[] part) {
        for (int i = 0; i + part.length <= key.length; i++) {
            int n = 0;
            while (n < part.length && key[i + n] == part[n]) {
                n++;
            }
            if (n == part.length) {
                return i + n;
            }
        }
        return -1;
    }

    @Override
    public void close() {}

    @Override
    public void configure(Map<String, ?> configs) {}
}

//! What a power cut does to a node: what its commit log had not synced is gone.

use std::{
    fs,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::preload;

const SOURCE: &str = include_str!("synced.c");

/// What notes how far a commit log is synced, to be preloaded.
pub(super) fn library(folder: &Path) -> Result<PathBuf, String> {
    preload::library(folder, "synced", SOURCE)
}

/// Takes from the segments in `log` what the notes in `synced` do not say is on the disk. How many bytes were lost, from
/// the first lost one of each segment to its last.
pub(super) fn cut(log: &Path, synced: &Path) -> Result<u64, String> {
    let told = |error| format!("{}: {error}", log.display());
    let mut lost = 0;
    for entry in fs::read_dir(log).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            let note = path.file_name().map(|name| synced.join(name)).unwrap_or_default();
            lost += cut_segment(&path, &note).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    // Those of segments that are gone.
    for entry in fs::read_dir(synced).map_err(told)? {
        let note = entry.map_err(told)?;
        if !log.join(note.file_name()).exists() {
            fs::remove_file(note.path()).map_err(told)?;
        }
    }
    Ok(lost)
}

fn cut_segment(path: &Path, note: &Path) -> std::io::Result<u64> {
    let mut file = fs::File::options().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let mut header = [0; 14];
    if length < 14 {
        return Ok(0);
    }
    file.read_exact(&mut header)?;
    // Its header is kept, as if the file system had written it: a segment without one stops a node.
    let end_of_header = 18 + u64::from(u16::from_be_bytes([header[12], header[13]]));
    let synced = fs::read_to_string(note).ok().and_then(|text| text.trim().parse().ok());
    let end = synced.unwrap_or(end_of_header);
    file.seek(SeekFrom::Start(end))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let lost = tail.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1);
    if lost > 0 {
        file.set_len(end)?;
        file.set_len(length)?;
        file.sync_all()?;
    }
    Ok(lost)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A segment whose sections end at these places, with something in each and behind the last.
    fn segment(ends: &[u32], length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        bytes[..16].copy_from_slice(b"\0\0\0\x07aaaabbbb\0\x02{}");
        let mut at = 20;
        for end in ends {
            bytes[at..at + 4].copy_from_slice(&end.to_be_bytes());
            bytes[at + 8..*end as usize].fill(1);
            at = *end as usize;
        }
        bytes[at + 8..at + 28].fill(2);
        bytes
    }

    #[test]
    fn what_was_not_synced_is_gone_and_all_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (log, synced) = (folder.path().join("commitlog"), folder.path().join("synced"));
        fs::create_dir(&log).unwrap();
        fs::create_dir(&synced).unwrap();
        let whole = segment(&[100, 200], 1000);
        for name in ["CommitLog-7-1.log", "CommitLog-7-2.log", "CommitLog-7-3.log"] {
            fs::write(log.join(name), &whole).unwrap();
        }
        fs::write(synced.join("CommitLog-7-1.log"), "200\n").unwrap();
        fs::write(synced.join("CommitLog-7-2.log"), "100\n").unwrap();
        fs::write(synced.join("CommitLog-7-0.log"), "100\n").unwrap();
        assert_eq!(cut(&log, &synced), Ok(28 + 128 + 208));
        for (name, kept) in
            [("CommitLog-7-1.log", 200), ("CommitLog-7-2.log", 100), ("CommitLog-7-3.log", 20)]
        {
            let mut due = whole[..kept].to_vec();
            due.resize(1000, 0);
            assert!(fs::read(log.join(name)).unwrap() == due, "{name}");
        }
        assert!(!synced.join("CommitLog-7-0.log").exists());
        assert_eq!(cut(&log, &synced), Ok(0), "once is enough");
    }

    /// The library itself, in a process that maps a segment and syncs it once, before its last section is whole.
    #[test]
    fn a_sync_is_noted() {
        let folder = tempfile::tempdir().unwrap();
        let library = library(folder.path()).unwrap();
        let path = folder.path().join("CommitLog-7-9.log");
        fs::write(&path, segment(&[100, 200], 1000)).unwrap();
        let program = folder.path().join("program.c");
        fs::write(
            &program,
            format!(
                "#include <fcntl.h>\n#include <sys/mman.h>\n
                 int main(void) {{
                     int file = open({path:?}, O_RDWR);
                     char *at = mmap(0, 1000, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
                     if (msync(at, 1000, MS_SYNC)) return 1;
                     at[200 + 2] = 1; at[200 + 3] = 44;
                     return munmap(at, 1000);
                 }}"
            ),
        )
        .unwrap();
        let binary = folder.path().join("program");
        assert!(Command::new("cc").arg("-o").arg(&binary).arg(&program).status().unwrap().success());
        let synced = folder.path().join("synced");
        fs::create_dir(&synced).unwrap();
        let mut run = Command::new(&binary);
        assert!(run.env("LD_PRELOAD", &library).env("ES_SYNCED", &synced).status().unwrap().success());
        assert_eq!(fs::read_to_string(synced.join("CommitLog-7-9.log")).unwrap(), "200\n");
        // The section that was finished later, to 300, is not on the disk.
        assert_eq!(cut_segment(&path, &synced.join("CommitLog-7-9.log")).unwrap(), 28);
    }
}

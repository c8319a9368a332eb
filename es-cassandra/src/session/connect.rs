use scylla::{
    client::{session::Session, session_builder::SessionBuilder},
    errors::{
        ConnectionError, ConnectionPoolError, ConnectionSetupRequestErrorKind, DbError, MetadataError,
        NewSessionError,
    },
};

use super::Builder;
use crate::ConnectError;

pub(super) async fn session(builder: &Builder) -> Result<Session, ConnectError> {
    let mut session = SessionBuilder::new().known_nodes(&builder.hosts);
    if let Some((name, password)) = &builder.credentials {
        session = session.user(name, password);
    }
    let hosts = builder.hosts.clone();
    session.build().await.map_err(|source| {
        if is_about_login(&source) {
            let user = builder.credentials.as_ref().map(|(name, _)| name.clone());
            ConnectError::LoginRefused { hosts, user, source: source.into() }
        } else {
            ConnectError::Unreachable { hosts, source: source.into() }
        }
    })
}

fn is_about_login(error: &NewSessionError) -> bool {
    use ConnectionSetupRequestErrorKind as Kind;
    let NewSessionError::MetadataError(MetadataError::ConnectionPoolError(ConnectionPoolError::Broken {
        last_connection_error: ConnectionError::ConnectionSetupRequestError(setup),
    })) = error
    else {
        return false;
    };
    matches!(
        setup.get_error(),
        Kind::MissingAuthentication
            | Kind::DbError(DbError::AuthenticationError | DbError::Unauthorized, _)
            | Kind::StartAuthSessionError(_)
            | Kind::AuthChallengeEvaluationError(_)
            | Kind::AuthFinishError(_)
    )
}

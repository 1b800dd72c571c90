//! Calls that got no answer, and those that were not even sent.

use crate::passing::passing;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use std::{error::Error as StdError, fmt};
use strongroom_core::{Error, ErrorKind, Retry, causes};

/// The endpoint speaks plain HTTP and is not on this host.
#[derive(Debug)]
pub(crate) struct Plaintext;

impl fmt::Display for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("plain HTTP to another host")
    }
}

impl StdError for Plaintext {}

/// It was not sent, or nothing came back. The SDK tells of missing credentials in the same way.
pub(crate) fn not_sent(error: &(dyn StdError + 'static)) -> Error {
    // Before what it made of the credentials: it is refused where they are asked for, too.
    if causes(error).any(|cause| cause.is::<Plaintext>()) {
        return Error::new(
            ErrorKind::ConfigInvalid,
            "endpoint, sts_endpoint or AWS_ENDPOINT_URL: plain HTTP to another host; use https, or set allow_http = true",
        );
    }
    if let Some(credentials) = causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>()) {
        return no_credentials(credentials);
    }
    // The SDK has no name for this outside of itself.
    if causes(error).any(|cause| cause.to_string().starts_with("identity resolver timed out")) {
        return no_credentials_in_time();
    }
    Error::new(
        ErrorKind::Unavailable,
        "AWS Secrets Manager cannot be reached: check region, endpoint, network, and ca_path if set",
    )
    .retryable(Retry::Backoff)
}

fn no_credentials_in_time() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "AWS gave no credentials in time: check the network, and that STS (sts_endpoint) or the host's metadata can be \
         reached",
    )
    .retryable(Retry::Backoff)
}

fn no_credentials(error: &CredentialsError) -> Error {
    match error {
        // Nobody has any; with a role, those that it would be assumed with.
        _ if causes(error).any(is_none) => Error::new(
            ErrorKind::StoreRefused,
            "there are no AWS credentials: set access_key_id and secret_access_key, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY in the environment, or profile, or give this host a role",
        ),
        CredentialsError::InvalidConfiguration(_) => Error::new(
            ErrorKind::StoreRefused,
            "the AWS credentials are configured wrongly: check the profile and the files of the AWS command line",
        ),
        CredentialsError::ProviderTimedOut(_) => no_credentials_in_time(),
        // Whoever gives them got no answer either.
        CredentialsError::ProviderError(_) if causes(error).any(|cause| cause.is::<ConnectorError>()) => {
            no_credentials_in_time()
        }
        _ => passing(error).unwrap_or_else(|| {
            Error::new(
                ErrorKind::StoreRefused,
                "AWS gave no credentials: check access_key_id and secret_access_key or those of the environment, and \
                 profile; of a role its role_arn, external_id, and that it trusts us",
            )
        }),
    }
}

fn is_none(error: &(dyn StdError + 'static)) -> bool {
    matches!(error.downcast_ref::<CredentialsError>(), Some(CredentialsError::CredentialsNotLoaded(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_nobody_can_assume_is_not_one_that_does_not_trust_us() {
        let none = CredentialsError::not_loaded("nobody has any");
        let shown = no_credentials(&CredentialsError::provider_error(none)).to_string();
        assert!(shown.contains("AWS_ACCESS_KEY_ID") && !shown.contains("role_arn"), "{shown}");
        let shown = no_credentials(&CredentialsError::provider_error("no")).to_string();
        assert!(shown.contains("role_arn"), "{shown}");
    }
}

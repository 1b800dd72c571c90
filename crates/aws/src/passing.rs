//! Whoever gives credentials is a service, too: what fails there and passes by itself is no refusal.

use crate::error::{after, throttles};
use aws_config::imds::client::error::ImdsError;
use aws_sdk_secretsmanager::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use aws_sdk_sts::operation::{
    assume_role::AssumeRoleError, assume_role_with_web_identity::AssumeRoleWithWebIdentityError,
};
use std::error::Error as StdError;
use strongroom_core::{Error, ErrorKind, Retry, causes};

/// What to tell of an answer without credentials, if asking again can help: of STS, or of the host's metadata.
pub(crate) fn passing(error: &(dyn StdError + 'static)) -> Option<Error> {
    causes(error).find_map(|cause| {
        if let Some(ImdsError::ErrorResponse(answer)) = cause.downcast_ref::<ImdsError>() {
            return sorted(None, answer.response());
        }
        of_sts::<AssumeRoleError>(cause).or_else(|| of_sts::<AssumeRoleWithWebIdentityError>(cause))
    })
}

fn of_sts<E>(cause: &(dyn StdError + 'static)) -> Option<Error>
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match cause.downcast_ref::<SdkError<E, HttpResponse>>()? {
        SdkError::ServiceError(answer) => sorted(answer.err().code(), answer.raw()),
        SdkError::ResponseError(_) => Some(unreadable()),
        _ => None,
    }
}

/// By its code and its status; the code is not shown, since anybody may be in the place of STS.
fn sorted(code: Option<&str>, answer: &HttpResponse) -> Option<Error> {
    let (code, status) = (code.unwrap_or_default(), answer.status().as_u16());
    let error = match status {
        _ if status == 429 || throttles(code) => Error::new(
            ErrorKind::RateLimited,
            "AWS gave no credentials: STS or the host's metadata asks us to slow down: try again",
        )
        .retryable(Retry::asked(after(answer))),
        _ if code == "IDPCommunicationError" => Error::new(
            ErrorKind::Unavailable,
            "AWS gave no credentials: STS does not reach whoever issued the token of the web identity: try again, and \
             check that AWS can reach it",
        )
        .retryable(Retry::Backoff),
        408 | 500.. => Error::new(
            ErrorKind::Unavailable,
            "AWS gave no credentials: STS or the host's metadata cannot serve now: try again, or see the AWS health \
             dashboard",
        )
        .retryable(Retry::asked(after(answer))),
        // What grants something and holds nothing.
        ..400 => unreadable(),
        _ => return None,
    };
    Some(error.with("status", status))
}

fn unreadable() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "AWS gave no credentials: the answer could not be read: try again, and check sts_endpoint, the network and what \
         is between",
    )
    .retryable(Retry::Backoff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_credential_types::provider::error::CredentialsError;
    use aws_sdk_sts::error::ErrorMetadata;
    use std::time::Duration;

    fn answer(status: u16, after: Option<&'static str>) -> HttpResponse {
        let mut answer = HttpResponse::new(status.try_into().unwrap(), "".into());
        if let Some(after) = after {
            answer.headers_mut().insert("retry-after", after);
        }
        answer
    }

    fn told(error: SdkError<AssumeRoleError, HttpResponse>) -> Option<(ErrorKind, Retry)> {
        passing(&CredentialsError::provider_error(error)).map(|error| (error.kind(), error.retry()))
    }

    #[test]
    fn what_passes_at_sts_is_no_refusal() {
        use ErrorKind::{RateLimited, Unavailable};
        let pause = Retry::After(Duration::from_secs(3));
        for (code, status, after, expected) in [
            ("Throttling", 400, None, Some((RateLimited, Retry::Backoff))),
            ("Throttling", 400, Some("3"), Some((RateLimited, pause))),
            ("Nothing", 429, None, Some((RateLimited, Retry::Backoff))),
            ("IDPCommunicationError", 400, None, Some((Unavailable, Retry::Backoff))),
            ("InternalFailure", 500, None, Some((Unavailable, Retry::Backoff))),
            ("ServiceUnavailable", 503, Some("3"), Some((Unavailable, pause))),
            ("Nothing", 200, None, Some((Unavailable, Retry::Backoff))),
            ("AccessDenied", 403, None, None),
            ("ValidationError", 400, None, None),
        ] {
            let refused = AssumeRoleError::generic(ErrorMetadata::builder().code(code).build());
            let error = SdkError::service_error(refused, answer(status, after));
            assert_eq!(told(error), expected, "{code} {status}");
        }
        let cut = SdkError::response_error("it ended in the middle", answer(403, None));
        assert_eq!(told(cut), Some((Unavailable, Retry::Backoff)));
    }
}

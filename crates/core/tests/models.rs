//! What the models promise by themselves.

use strongroom_core::{ErrorKind, Payload};

#[test]
fn a_payload_shows_its_text_and_quotes_nothing_that_is_none() {
    let text = "{\"a\":\"é\u{0}\"}";
    assert_eq!(Payload::new(text.into()).expose_text().unwrap(), text);
    let error = Payload::new(b"canary\xff".to_vec()).expose_text().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
}

//! What the models promise by themselves: what they are shown as, read from and turned into.

use std::time::{Duration, SystemTime};
use strongroom_core::{ErrorKind, Payload, SecretId, SecretName, Timestamp};
use uuid::Uuid;

#[test]
fn a_payload_shows_its_text_and_quotes_nothing_that_is_none() {
    let text = "{\"a\":\"é\u{0}\"}";
    assert_eq!(Payload::new(text.into()).expose_text().unwrap(), text);
    let error = Payload::new(b"canary\xff".to_vec()).expose_text().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
}

#[test]
fn an_id_is_read_as_it_is_shown() {
    let id = SecretId::from(Uuid::from_u128(7));
    assert_eq!(id.to_string().parse::<SecretId>().unwrap(), id);
    assert_eq!(Uuid::from(id), Uuid::from_u128(7));
    assert_eq!("7".parse::<SecretId>().unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_name_is_checked_whatever_it_is_made_of() {
    let name: SecretName = "a/b".parse().unwrap();
    assert_eq!((name.as_ref(), &name), ("a/b", &SecretName::try_from("a/b").unwrap()));
    assert_eq!("\0".parse::<SecretName>().unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(SecretName::try_from("\0").unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_moment_is_shown_with_its_microseconds() {
    for (micros, text) in [
        (1_795_294_764_000_001, "2026-11-21T20:59:24.000001Z"),
        (1_795_294_764_999_999, "2026-11-21T20:59:24.999999Z"),
        (0, "1970-01-01T00:00:00.000000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
        (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        (-62_135_596_800_000_001, "-62135596800000001 us"),
        (253_402_300_800_000_000, "253402300800000000 us"),
        (i64::MIN, "-9223372036854775808 us"),
        (i64::MAX, "9223372036854775807 us"),
    ] {
        assert_eq!(Timestamp(micros).to_string(), text);
    }
}

#[test]
fn a_moment_is_the_systems_time() {
    for micros in [i64::MIN, -1_000_001, -1, 0, 1, 1_795_294_764_000_001, i64::MAX] {
        assert_eq!(Timestamp::from(SystemTime::from(Timestamp(micros))), Timestamp(micros));
    }
    let (epoch, little) = (SystemTime::UNIX_EPOCH, Duration::from_nanos(1_500));
    assert_eq!(Timestamp::from(epoch + little), Timestamp(1), "cut off, not rounded");
    assert_eq!(Timestamp::from(epoch - little), Timestamp(-2), "to the past, before 1970 too");
    let far = Duration::from_secs(1 << 60);
    assert_eq!(Timestamp::from(epoch + far), Timestamp(i64::MAX));
    assert_eq!(Timestamp::from(epoch - far), Timestamp(i64::MIN));
}

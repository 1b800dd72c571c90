//! What led to an error.

use std::{error::Error, io};

/// An error and all that led to it, the outermost first. What an [`io::Error`] wraps is among them: the
/// [`source`](Error::source) of an `io::Error` is that of the wrapped error, which would be passed over.
///
/// For back-ends, which sort the errors of their SDKs by the types of what they find here: texts may hold names and URLs,
/// and change.
pub fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| {
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| cause.source())
    })
}

#[cfg(test)]
mod tests {
    use super::causes;
    use std::{error::Error, fmt, io};

    #[derive(Debug)]
    struct Outer(io::Error);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn what_an_io_error_wraps_is_not_passed_over() {
        let error = Outer(io::Error::other(Outer(io::ErrorKind::TimedOut.into())));
        let found: Vec<_> = causes(&error).map(|cause| cause.is::<Outer>()).collect();
        assert_eq!(found, [true, false, true, false]);
    }
}

//! What the databases' codes mean.

use crate::error::Class;

/// Of SQLite's extended result codes, whose low byte is the primary one.
#[cfg(feature = "sqlite")]
pub(crate) fn sqlite(code: u32) -> Class {
    match (code & 0xff, code) {
        (19, 787) => Class::ForeignKey,
        (19, 1555 | 2067 | 2579) => Class::Unique,
        // Busy, locked, schema changed under a prepared statement.
        (5 | 6 | 17, _) => Class::Again,
        (13, _) => Class::Full,
        // No permission, read-only, cannot open: nobody logs in to a file.
        (3 | 8 | 14, _) => Class::File,
        (11 | 26, _) => Class::Corrupt,
        (10 | 4 | 9, _) => Class::Io,
        (1, _) => Class::Schema,
        _ => Class::Other,
    }
}

/// Of PostgreSQL's SQLSTATEs.
#[cfg(feature = "postgres")]
pub(crate) fn postgres(code: &str) -> Class {
    match code {
        "23505" => Class::Unique,
        "23503" => Class::ForeignKey,
        // Serialization failure, deadlock, lock not available, no memory or too many connections just now, a cached plan
        // that does not fit any more, a transaction that failed before.
        "40001" | "40P01" | "55P03" | "53000" | "53200" | "53300" | "0A000" | "26000" => Class::Again,
        // Cancelled, by the limit of a statement's time most likely.
        "57014" => Class::Slow,
        // Shutdowns, idle and connection failures; whether a COMMIT took effect is not known.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "40003" => Class::Lost,
        "25006" => Class::ReadOnly,
        "53100" => Class::Full,
        "XX001" | "XX002" => Class::Corrupt,
        "42501" => Class::Denied,
        "3D000" => Class::Denied,
        "58030" => Class::Io,
        _ if code.starts_with("08") => Class::Lost,
        _ if code.starts_with("28") => Class::Denied,
        _ if code.starts_with("40") => Class::Again,
        _ if code.starts_with("42") => Class::Schema,
        _ => Class::Other,
    }
}

/// Of the error numbers of MySQL, MariaDB and TiDB.
#[cfg(feature = "mysql")]
pub(crate) fn mysql(number: u16) -> Class {
    match number {
        1062 | 1586 => Class::Unique,
        1216 | 1217 | 1451 | 1452 => Class::ForeignKey,
        // Lock wait timeout, deadlock, too many connections, no memory just now, a prepared statement that must be prepared again,
        // a snapshot that is too old, TiDB's write conflicts.
        1205 | 1213 | 1040 | 1041 | 1203 | 1615 | 1020 | 1412 | 8022 | 8028 | 9007 => Class::Again,
        // The limit of a statement's time, of MySQL and of MariaDB.
        3024 | 1969 => Class::Slow,
        // Shutdown, killed, gone; 1047: a Galera node that is not part of its cluster.
        1053 | 1317 | 1927 | 2006 | 2013 | 1047 | 1158..=1161 | 4031 => Class::Lost,
        1290 | 1792 | 1836 => Class::ReadOnly,
        1021 | 1114 => Class::Full,
        1044 | 1045 | 1049 | 1142 | 1143 | 1227 | 1698 | 3159 => Class::Denied,
        1034 | 1712 => Class::Corrupt,
        1054 | 1064 | 1146 | 1136 | 1305 => Class::Schema,
        _ => Class::Other,
    }
}

#[cfg(test)]
mod tests {
    use crate::error::Class;

    #[cfg(feature = "sqlite")]
    #[test]
    fn sqlite_codes() {
        let table = [
            (5, Class::Again),
            (261, Class::Again),
            (517, Class::Again),
            (787, Class::ForeignKey),
            (1555, Class::Unique),
            (2067, Class::Unique),
            (1299, Class::Other),
            (3, Class::File),
            (8, Class::File),
            (1032, Class::File),
            (1544, Class::File),
            (13, Class::Full),
            (14, Class::File),
            (11, Class::Corrupt),
            (26, Class::Corrupt),
            (1034, Class::Io),
            (1, Class::Schema),
        ];
        for (code, class) in table {
            assert_eq!(super::sqlite(code), class, "{code}");
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn postgres_codes() {
        let table = [
            ("23505", Class::Unique),
            ("23503", Class::ForeignKey),
            ("40001", Class::Again),
            ("40P01", Class::Again),
            ("40003", Class::Lost),
            ("55P03", Class::Again),
            ("57014", Class::Slow),
            ("57P01", Class::Lost),
            ("08006", Class::Lost),
            ("25006", Class::ReadOnly),
            ("53100", Class::Full),
            ("28P01", Class::Denied),
            ("42P01", Class::Schema),
            ("22001", Class::Other),
        ];
        for (code, class) in table {
            assert_eq!(super::postgres(code), class, "{code}");
        }
    }

    #[cfg(feature = "mysql")]
    #[test]
    fn mysql_numbers() {
        let table = [
            (1062, Class::Unique),
            (1451, Class::ForeignKey),
            (1452, Class::ForeignKey),
            (1213, Class::Again),
            (1205, Class::Again),
            (3024, Class::Slow),
            (1969, Class::Slow),
            (2013, Class::Lost),
            (1290, Class::ReadOnly),
            (1045, Class::Denied),
            (1146, Class::Schema),
            (1406, Class::Other),
        ];
        for (number, class) in table {
            assert_eq!(super::mysql(number), class, "{number}");
        }
    }
}

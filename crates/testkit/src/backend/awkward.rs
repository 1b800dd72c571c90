//! Texts that are hard to keep.

/// Payloads that something on the way may want to change.
pub(super) fn awkward() -> Vec<String> {
    let every: String = (1..=0x2ff).filter_map(char::from_u32).collect();
    let texts = [
        "{}",
        "x",
        "null",
        "true",
        "[]",
        "0",
        "1.0",
        "\"text\"",
        " {} ",
        "{\"a\":1}",
        "{\"a\":{\"b\":\"c\"}}",
        "line\nline\r\nline\r",
        "ends in a line\n",
        " spaces ",
        "\t",
        "\u{feff}mark",
        "a+b/c==",
        "a-b_c",
        "%41%00",
        "é e\u{301} \u{212b} ß İ",
        "😀 👩‍👩‍👧 \u{202e}abc",
        "{\"b\":\"1\",\"a\":\"2\"}",
        "${HOME} $(id) `id` {{x}}",
        "-",
        "--",
        "@file",
        "'; DROP TABLE payloads; --",
        "<a href=\"x\">&amp;</a>",
        "\\u0041\\n",
        r#"{"":"","a":"","\"":"\\","\n":"\t\r\u0001\u001f"}"#,
        r#"{"é":"😀","é":"\u202e"}"#,
        r#"{"key":"line\nline","password":"p/ä=+\"'","strongroom_sealed":"x"}"#,
        "U1JTMQEBAAAAAAAA",
    ];
    texts.into_iter().map(str::to_owned).chain([every]).collect()
}

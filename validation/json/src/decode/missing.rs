/// The name in serde's words for a missing field, if they are all there is but for the place that
/// `serde_json` appends, and if it is a name that a client may see: short, and of the letters that
/// names of fields are made of.
///
/// Serde takes the name as `&'static str`, so that it is a part of the program and not of the
/// input.
pub(super) fn name(words: &str) -> Option<&str> {
    const LONGEST: usize = 64;

    let (name, rest) = words.strip_prefix("missing field `")?.split_once('`')?;
    if !is_place(rest) {
        return None;
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-$@.".contains(&byte);
    (name.len() <= LONGEST && name.bytes().all(plain)).then_some(name)
}

/// Whether this is nothing, or a place as `serde_json` writes it.
pub(super) fn is_place(words: &str) -> bool {
    let number =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let place = words.strip_prefix(" at line ").and_then(|rest| rest.split_once(" column "));
    words.is_empty() || place.is_some_and(|(line, column)| number(line) && number(column))
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn only_plain_names_are_shown() {
        assert_eq!(name("missing field `sku` at line 1 column 2"), Some("sku"));
        assert_eq!(name("missing field `a b`"), None);
        assert_eq!(name(&format!("missing field `{}`", "x".repeat(65))), None);
        assert_eq!(name("missing field sku"), None);
        assert_eq!(name("a missing field `sku`"), None);
        assert_eq!(name("missing field `sku` in the catalogue"), None);
        assert_eq!(name("missing field `sku` at line 1 column 2x"), None);
        assert_eq!(name("missing field `sku` at line 1 column 2 at line 1 column 2"), None);
    }
}

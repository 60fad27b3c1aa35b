/// The name in serde's words for a missing field, if it is one that a client may see: short, and
/// of the letters that names of fields are made of.
///
/// Serde takes the name as `&'static str`, so that it is a part of the program and not of the
/// input.
pub(super) fn name(words: &str) -> Option<&str> {
    const LONGEST: usize = 64;

    let (name, _) = words.strip_prefix("missing field `")?.split_once('`')?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-$@.".contains(&byte);
    (name.len() <= LONGEST && name.bytes().all(plain)).then_some(name)
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
    }
}

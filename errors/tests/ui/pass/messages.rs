//! Format specs in holes, braces that stand for themselves, and every form of literal.
#![deny(warnings)]

use mainstay_errors::{Fault, PublicMessage};

#[derive(Debug, thiserror::Error, Fault)]
enum Wrong {
    #[error("specs")]
    #[fault(invalid_argument, reason = "SPECS")]
    #[fault(message = "{ratio:.2} {name:>6} {count:#06x} {name:*<5} {ratio:+} {name:}")]
    Specs {
        #[fault(public)]
        ratio: f64,
        #[fault(public)]
        name: &'static str,
        #[fault(public)]
        count: u32,
        #[fault(public = "unused")]
        unused: u8,
    },

    #[error("escaped")]
    #[fault(invalid_argument, reason = "ESCAPED", message = "{{{0}}} }}{{ {{0}} {0}{0}")]
    Escaped(#[fault(public = "id")] u8),

    #[error("only braces")]
    #[fault(invalid_argument, reason = "BRACES", message = "{{}}")]
    Braces,

    #[error("raw")]
    #[fault(invalid_argument, reason = r"RAW", message = r#"Say "{0}", not \n."#)]
    Raw(#[fault(public = "word")] &'static str),

    #[error("escapes")]
    #[fault(
        invalid_argument,
        reason = "ESCAPES",
        message = "Zwölf \"{0}\"\u{2026} and \
        on the next line"
    )]
    Escapes(#[fault(public = "word")] &'static str),

    #[error("the eleventh field")]
    #[fault(invalid_argument, reason = "ELEVENTH", message = "{10}")]
    Eleventh(u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, #[fault(public = "last")] u8),

    #[error("all of it is a hole")]
    #[fault(invalid_argument, reason = "A_HOLE", message = "{_first_name1}")]
    Hole {
        #[fault(public)]
        _first_name1: &'static str,
    },
}

fn message(wrong: &Wrong) -> String {
    PublicMessage(wrong).to_string()
}

fn main() {
    let specs = Wrong::Specs { ratio: 0.125, name: "ab", count: 255, unused: 0 };
    assert_eq!(message(&specs), "0.12     ab 0x00ff ab*** +0.125 ab");
    assert_eq!(message(&Wrong::Escaped(7)), "{7} }{ {0} 77");
    assert_eq!(message(&Wrong::Braces), "{}");
    assert_eq!(message(&Wrong::Raw("a")), r#"Say "a", not \n."#);
    assert_eq!(message(&Wrong::Escapes("a")), "Zwölf \"a\"… and on the next line");
    assert_eq!(message(&Wrong::Eleventh(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)), "10");
    assert_eq!(message(&Wrong::Hole { _first_name1: "Ada" }), "Ada");
    let mut keys = Vec::new();
    Wrong::Hole { _first_name1: "Ada" }.metadata(&mut |key, _| keys.push(key.to_owned()));
    assert_eq!(keys, ["firstName1"]);
}

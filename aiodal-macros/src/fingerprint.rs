//! A hash of source text that changes with the tokens, and with nothing else.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Hashes tokens with FNV-1a: the same in every build, on every machine, whatever the formatting.
pub(crate) fn fingerprint(tokens: TokenStream) -> u64 {
    let mut hash = Fnv1a(0xcbf2_9ce4_8422_2325);
    hash.tokens(tokens);
    hash.0
}

struct Fnv1a(u64);

impl Fnv1a {
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    self.token(open);
                    self.tokens(group.stream());
                    self.token(close);
                }
                TokenTree::Ident(ident) => self.token(&ident.to_string()),
                TokenTree::Punct(punct) => self.token(punct.as_char().encode_utf8(&mut [0; 4])),
                TokenTree::Literal(literal) => self.token(&literal.to_string()),
            }
        }
    }

    /// Adds one token and a zero byte, which no token contains: `ab c` is not `a bc`.
    fn token(&mut self, text: &str) {
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> u64 {
        fingerprint(source.parse().unwrap())
    }

    #[test]
    fn formatting_and_comments_do_not_count() {
        assert_eq!(
            of("fn seed() { run(\"a\", 1) }"),
            of("fn seed( )\n{\n    run(\"a\",1) // one\n}")
        );
    }

    #[test]
    fn every_token_counts() {
        let hash = of("fn seed() { run(\"a\", 1) }");
        assert_ne!(hash, of("fn seed() { run(\"b\", 1) }"));
        assert_ne!(hash, of("fn seed() { run(\"a\", 2) }"));
        assert_ne!(hash, of("fn seed() { run(\"a\", 1); }"));
        assert_ne!(of("ab c"), of("a bc"));
        assert_ne!(of("(a) b"), of("(a b)"));
    }

    #[test]
    fn the_hash_is_the_same_in_every_build() {
        // FNV-1a of the five bytes "seed" and zero.
        assert_eq!(of("seed"), 0x5af1_7930_1b4a_8ac4);
    }
}

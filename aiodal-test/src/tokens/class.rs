//! What a byte may be in SQL. A byte of a character beyond ASCII is a letter, as it is to the server.

/// It may begin a name.
pub(super) const START: u8 = 1;
/// It may be in a name.
pub(super) const NAME: u8 = 2;
pub(super) const DIGIT: u8 = 4;
pub(super) const BLANK: u8 = 8;

/// One look-up a byte: tests are built without optimisation, where a chain of comparisons is a chain of calls.
static CLASSES: [u8; 256] = classes();

pub(super) fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = u8::MIN;
    loop {
        classes[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => START | NAME,
            b'0'..=b'9' => NAME | DIGIT,
            b'$' => NAME,
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => BLANK,
            _ => 0,
        };
        if byte == u8::MAX {
            return classes;
        }
        byte += 1;
    }
}

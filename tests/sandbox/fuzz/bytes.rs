//! What is sent: messages as they should be, and what becomes of them.

use bytes::{BufMut, BytesMut};
use postgres_protocol::message::frontend;

use crate::generate;
use crate::message::Message;
use crate::random::Random;

/// All the messages of a script, one client's.
pub(super) fn messages(random: &mut Random) -> Vec<u8> {
    let script = generate::script(u64::try_from(random.below(1 << 30)).expect("it is small"));
    let mut out = BytesMut::new();
    for (_, message) in &script.0 {
        write(random, message, &mut out);
    }
    out.to_vec()
}

fn write(random: &mut Random, message: &Message, out: &mut BytesMut) {
    match message {
        Message::Input { text, .. } => copy(text, out),
        // It would end all the rest.
        Message::Terminate if random.chance(9, 10) => {}
        message => message.encode(out).expect("it is what a client sends"),
    }
    if random.chance(1, 20) {
        odd(random, out);
    }
}

fn copy(text: &str, out: &mut BytesMut) {
    let data = frontend::CopyData::new(text.as_bytes());
    data.expect("it is short").write(out);
    frontend::copy_done(out);
}

/// Messages that no script has: calls of functions, answers to what was not asked, tags that mean nothing.
fn odd(random: &mut Random, out: &mut BytesMut) {
    let tag = *random.pick(b"FpdcfXNRZDTWwuxyz0\0\xff");
    let length = *random.pick(&[0, 1, 4, 20]);
    out.put_u8(tag);
    out.put_i32(length + 4);
    for _ in 0..length {
        out.put_u8(byte(random));
    }
}

fn byte(random: &mut Random) -> u8 {
    const LIKELY: &[u8] = b"\0\x01\x02\x04\x05\x7f\x80\xff;'\"$/-*\\ QPBEDCHSXdcf";
    match random.below(2) {
        0 => *random.pick(LIKELY),
        _ => u8::try_from(random.below(256)).expect("it is a byte"),
    }
}

/// Changes a few places.
pub(super) fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..random.between(1, 6) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.between(1, 40)).min(bytes.len());
        match random.below(9) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            3 => bytes.insert(at, byte(random)),
            4 => resize(random, bytes),
            _ if at < bytes.len() => bytes[at] = byte(random),
            _ => {}
        }
    }
}

/// Lets a message lie about its length.
fn resize(random: &mut Random, bytes: &mut [u8]) {
    let at = starts(bytes);
    if at.is_empty() {
        return;
    }
    let at = *random.pick(&at);
    let Some(length) = bytes.get_mut(at + 1..at + 5) else {
        return;
    };
    let lie = *random.pick(&[
        0_i32,
        1,
        3,
        4,
        5,
        8,
        100,
        70_000,
        1 << 29,
        i32::MAX,
        -1,
        i32::MIN,
    ]);
    length.copy_from_slice(&lie.to_be_bytes());
}

/// Where messages begin, as far as it can be told.
fn starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 0;
    while let Some(length) = bytes.get(at + 1..at + 5) {
        starts.push(at);
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        at = at.saturating_add(1).saturating_add(length);
    }
    starts
}

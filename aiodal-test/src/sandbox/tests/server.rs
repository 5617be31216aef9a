//! A server that says what it should say most of the time.

use std::time::Duration;

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::sandbox::wire::{Frame, bare, complete, put, put_str, ready};

/// How long nothing may come before the server hangs up.
const QUIET: Duration = Duration::from_millis(60);

/// The same numbers for the same seed, on every machine.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap()
    }
}

/// One end of a connection, and what goes wrong on it.
pub(super) struct Server {
    stream: UnixStream,
    random: Random,
    /// One in so many answers is wrong.
    rarely: usize,
    status: u8,
}

impl Server {
    pub(super) fn new(stream: UnixStream, seed: u64) -> Server {
        let mut random = Random::new(seed);
        let rarely = 1 + random.below(200);
        Server {
            stream,
            random,
            rarely,
            status: b'T',
        }
    }

    /// Answers until it has had enough, and hangs up.
    pub(super) async fn serve(mut self) {
        let mut incoming = BytesMut::new();
        for _ in 0..self.random.below(60) {
            let frame = loop {
                match Frame::take(&mut incoming).expect("the engine speaks the protocol") {
                    Some(frame) => break frame,
                    None => match timeout(QUIET, self.stream.read_buf(&mut incoming)).await {
                        Ok(Ok(read)) if read > 0 => {}
                        // Nobody has anything more to say, or can.
                        _ => return,
                    },
                }
            };
            let mut answer = self.answer(&frame);
            if self.random.below(self.rarely) == 0 {
                self.spoil(&mut answer);
            }
            if self.stream.write_all(&answer).await.is_err() {
                return;
            }
        }
    }

    fn answer(&mut self, frame: &Frame) -> BytesMut {
        let mut answer = BytesMut::new();
        if self.random.below(20) == 0 {
            put(&mut answer, b'N', |answer| {
                answer.put_slice(b"SINFO\0CADN01\0Ma\0Db\0\0");
            });
        }
        let fails = self.random.below(10) == 0;
        match frame.tag() {
            b'Q' if fails => {
                self.error(&mut answer);
                ready(&mut answer, self.status);
            }
            b'Q' => {
                let sql = frame.body().str().unwrap_or_default().to_owned();
                if sql.starts_with("copy") {
                    put(&mut answer, b'G', |answer| answer.put_slice(&[0, 0, 0]));
                } else {
                    self.rows(&mut answer);
                    complete(&mut answer, "SELECT 1");
                    self.status = b'T';
                    ready(&mut answer, self.status);
                }
            }
            b'P' => bare(&mut answer, b'1'),
            b'B' => bare(&mut answer, b'2'),
            b'C' => bare(&mut answer, b'3'),
            b'D' => bare(&mut answer, b'n'),
            b'E' => complete(&mut answer, "SAVEPOINT"),
            b'S' => ready(&mut answer, self.status),
            b'c' | b'f' => {
                complete(&mut answer, "COPY 1");
                ready(&mut answer, self.status);
            }
            _ => {}
        }
        answer
    }

    fn error(&mut self, answer: &mut BytesMut) {
        self.status = b'E';
        let code = ["23505", "57P01", "25P02", "", "AD001"][self.random.below(5)];
        put(answer, b'E', |answer| {
            answer.put_slice(b"SERROR\0C");
            put_str(answer, code);
            answer.put_slice(b"Mit is wrong\0\0");
        });
    }

    fn rows(&mut self, answer: &mut BytesMut) {
        for _ in 0..self.random.below(3) {
            put(answer, b'D', |answer| {
                answer.put_slice(b"\0\x01\0\0\0\x017");
            });
        }
    }

    /// Makes an answer that no server gives.
    fn spoil(&mut self, answer: &mut BytesMut) {
        match self.random.below(8) {
            0 => answer.clear(),
            1 => answer.extend_from_slice(&answer.clone()),
            2 => answer.truncate(self.random.below(answer.len() + 1)),
            3 => {
                let tag = u8::try_from(self.random.below(256)).unwrap();
                put(answer, tag, |answer| answer.put_slice(b"\0\0\0\0\0"));
            }
            4 => {
                let length = self.random.next().to_be_bytes();
                answer.put_u8(b"DTESNAZCG"[self.random.below(9)]);
                answer.put_slice(&length[..4]);
            }
            5 => ready(answer, b"ITEX"[self.random.below(4)]),
            6 => complete(
                answer,
                ["COMMIT", "BEGIN", "", "ROLLBACK"][self.random.below(4)],
            ),
            _ => {
                for _ in 0..=self.random.below(4) {
                    let at = self.random.below(answer.len().max(1));
                    if let Some(byte) = answer.get_mut(at) {
                        *byte = u8::try_from(self.random.below(256)).unwrap();
                    }
                }
            }
        }
    }
}

//! gzip, as `gzip -dc` reads it: several members are one text, and padding with zeros is nothing.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::bufread::GzDecoder;

/// The members of a gzip file.
///
/// flate2's own `MultiGzDecoder` takes padding for a damaged member.
pub(super) struct Members {
    state: State,
}

enum State {
    Member(Box<GzDecoder<Box<dyn BufRead>>>),
    End,
}

impl Members {
    pub(super) fn new(stored: Box<dyn BufRead>) -> Members {
        Members {
            state: State::Member(Box::new(GzDecoder::new(stored))),
        }
    }
}

impl Read for Members {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let State::Member(member) = &mut self.state {
            let read = member.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            let State::Member(member) = std::mem::replace(&mut self.state, State::End) else {
                break;
            };
            let mut stored = member.into_inner();
            if another(&mut stored)? {
                self.state = State::Member(Box::new(GzDecoder::new(stored)));
            }
        }
        Ok(0)
    }
}

/// Whether there is another member behind one.
fn another(stored: &mut impl BufRead) -> io::Result<bool> {
    let mut padding = false;
    loop {
        let data = match stored.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            data => data?,
        };
        match data.iter().position(|&byte| byte != 0) {
            None if data.is_empty() => return Ok(false),
            None => {
                let length = data.len();
                stored.consume(length);
                padding = true;
            }
            Some(0) if data[0] == 0x1f && !padding => return Ok(true),
            Some(_) => {
                let reason = "something that isn't gzip follows the compressed data";
                return Err(io::Error::new(ErrorKind::InvalidData, reason));
            }
        }
    }
}

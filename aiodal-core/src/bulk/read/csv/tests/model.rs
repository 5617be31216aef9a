//! What COPY makes of a CSV source, byte by byte, as slowly as it is sure: after PostgreSQL's `CopyReadLineText` and
//! `CopyReadAttributesCSV`.
//!
//! It stands alone, so that tests can include it and compare it with a server.

#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
    pub(crate) escape: u8,
    pub(crate) null: Vec<u8>,
    pub(crate) force_null: bool,
    pub(crate) force_not_null: bool,
    /// As PostgreSQL up to 17 has it: a line of `\.` ends the data, and line ends have to be alike. Otherwise as we do, and
    /// what is refused is skipped.
    pub(crate) strict: bool,
}

pub(crate) type Fields = Vec<Option<Vec<u8>>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    Record(Fields),
    Refused,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Eol {
    Unknown,
    Lf,
    Cr,
    CrLf,
}

/// Returns the records; a strict reading ends with the first that is refused.
pub(crate) fn read(mut data: &[u8], rules: &Rules) -> Vec<Read> {
    let mut eol = Eol::Unknown;
    let mut all = Vec::new();
    while !data.is_empty() {
        let line = line(data, &mut eol, rules);
        data = &data[line.taken..];
        if line.ends_data {
            break;
        }
        let fields = (!line.refused).then(|| fields(line.text, rules)).flatten();
        let stop = fields.is_none() && rules.strict;
        all.push(fields.map_or(Read::Refused, Read::Record));
        if stop {
            break;
        }
    }
    all
}

struct Line<'a> {
    text: &'a [u8],
    taken: usize,
    refused: bool,
    ends_data: bool,
}

fn line<'a>(data: &'a [u8], eol: &mut Eol, rules: &Rules) -> Line<'a> {
    let mut refused = false;
    let mut inside = false;
    let mut escaped = false;
    let escape = (rules.escape != rules.quote).then_some(rules.escape);
    let found = |text: &'a [u8], taken: usize, refused: bool| Line {
        text,
        taken,
        refused,
        ends_data: false,
    };
    let mut at = 0;
    while at < data.len() {
        let byte = data[at];
        let next = data.get(at + 1).copied();
        if inside && Some(byte) == escape {
            escaped = !escaped;
        }
        if byte == rules.quote && !escaped {
            inside = !inside;
        }
        if Some(byte) != escape {
            escaped = false;
        }
        if byte == b'\r' && !inside {
            let pair = next == Some(b'\n');
            match *eol {
                Eol::Unknown if pair => *eol = Eol::CrLf,
                Eol::Unknown => *eol = Eol::Cr,
                _ => {}
            }
            match *eol {
                Eol::Cr => return found(&data[..at], at + 1, refused),
                Eol::CrLf if pair => return found(&data[..at], at + 2, refused),
                Eol::Lf if pair && !rules.strict => return found(&data[..at], at + 2, refused),
                _ => refused = true,
            }
        } else if byte == b'\n' && !inside {
            match *eol {
                Eol::Unknown | Eol::Lf => {
                    *eol = Eol::Lf;
                    return found(&data[..at], at + 1, refused);
                }
                Eol::CrLf if !rules.strict => return found(&data[..at], at + 1, refused),
                _ => refused = true,
            }
        }
        if at == 0 && byte == b'\\' && next == Some(b'.') && rules.strict {
            let ends = matches!(
                (*eol, data.get(2), data.get(3)),
                (Eol::CrLf, Some(b'\r'), Some(b'\n'))
                    | (Eol::Unknown | Eol::Lf, Some(b'\n'), _)
                    | (Eol::Unknown | Eol::Cr, Some(b'\r'), _)
            );
            if ends {
                return Line {
                    text: b"",
                    taken: data.len(),
                    refused: false,
                    ends_data: true,
                };
            }
            let differs = matches!(
                (*eol, data.get(2), data.get(3)),
                (Eol::Lf, Some(b'\r'), _)
                    | (Eol::Cr, Some(b'\n'), _)
                    | (Eol::CrLf, Some(b'\r'), Some(b'\r'))
            );
            if differs {
                return found(data, data.len(), true);
            }
        }
        at += 1;
    }
    found(data, data.len(), refused)
}

fn fields(line: &[u8], rules: &Rules) -> Option<Fields> {
    let mut all = Vec::new();
    let mut at = 0;
    loop {
        let start = at;
        let mut value = Vec::new();
        let (mut inside, mut saw_quote, mut found_delimiter) = (false, false, false);
        let mut end = line.len();
        while at < line.len() {
            let byte = line[at];
            at += 1;
            if inside {
                if byte == rules.escape
                    && let Some(&next) = line.get(at)
                    && (next == rules.escape || next == rules.quote)
                {
                    value.push(next);
                    at += 1;
                    continue;
                }
                if byte == rules.quote {
                    inside = false;
                    continue;
                }
            } else {
                if byte == rules.delimiter {
                    (found_delimiter, end) = (true, at - 1);
                    break;
                }
                if byte == rules.quote {
                    (saw_quote, inside) = (true, true);
                    continue;
                }
            }
            value.push(byte);
        }
        if inside {
            return None;
        }
        let mut value = Some(value);
        if !saw_quote && line[start..end] == rules.null {
            value = rules.force_not_null.then(|| rules.null.clone());
        } else if rules.force_null && value.as_ref() == Some(&rules.null) {
            value = None;
        }
        all.push(value);
        if !found_delimiter {
            return Some(all);
        }
    }
}

//! What each contestant does.

/// Something to do, over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Select,
    Simple,
    Insert,
    Twenty,
    Empty,
    Connect,
    CopyIn,
    CopyOut,
}

/// How often a sample has it done.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// How many times in a sample.
    pub(crate) times: u32,
    /// It is measured in each round that this divides.
    pub(crate) every: u32,
}

const fn work(name: &'static str, kind: Kind, times: u32, every: u32) -> Work {
    Work {
        name,
        kind,
        times,
        every,
    }
}

pub(crate) const WORKS: [Work; 8] = [
    work("select", Kind::Select, 50, 1),
    work("simple", Kind::Simple, 50, 1),
    work("insert", Kind::Insert, 50, 1),
    work("twenty", Kind::Twenty, 4, 1),
    work("empty", Kind::Empty, 50, 1),
    work("connect", Kind::Connect, 2, 2),
    work("copy-in", Kind::CopyIn, 1, 2),
    work("copy-out", Kind::CopyOut, 1, 2),
];

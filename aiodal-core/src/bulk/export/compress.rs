//! Compression on the way out.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// How an export is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, at its usual level, 6. It needs the feature `gzip`.
    Gzip,
    /// Zstandard, at its usual level, 3, with a checksum. It needs the feature `zstd`.
    Zstd,
}

impl Compression {
    /// Returns what the name of a file asks for: `.gz` and `.zst` are known, in any case.
    pub(super) fn of_path(path: &Path) -> Compression {
        let ending = path.extension().and_then(|ending| ending.to_str());
        match ending.map(str::to_ascii_lowercase).as_deref() {
            Some("gz") => Compression::Gzip,
            Some("zst") => Compression::Zstd,
            _ => Compression::None,
        }
    }

    /// Refuses what was not built in.
    pub(super) fn check(self, operation: &str) -> Result<()> {
        let feature = match self {
            Compression::Gzip if cfg!(not(feature = "gzip")) => "gzip",
            Compression::Zstd if cfg!(not(feature = "zstd")) => "zstd",
            _ => return Ok(()),
        };
        Err(Error::refused(
            operation,
            format!(
                "{feature} is not built in: turn aiodal's feature `{feature}` on, or set another compression"
            ),
        ))
    }
}

/// Compresses what is written to it.
pub(super) enum Encoder<W: Write> {
    Plain(W),
    #[cfg(feature = "gzip")]
    Gzip(Box<flate2::write::GzEncoder<W>>),
    #[cfg(feature = "zstd")]
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> Encoder<W> {
    pub(super) fn new(compression: Compression, inner: W) -> io::Result<Encoder<W>> {
        match compression {
            Compression::None => Ok(Encoder::Plain(inner)),
            #[cfg(feature = "gzip")]
            Compression::Gzip => {
                let level = flate2::Compression::default();
                let encoder = flate2::write::GzEncoder::new(inner, level);
                Ok(Encoder::Gzip(Box::new(encoder)))
            }
            #[cfg(feature = "zstd")]
            Compression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(inner, 0)?;
                encoder.include_checksum(true)?;
                Ok(Encoder::Zstd(encoder))
            }
            #[cfg(not(all(feature = "gzip", feature = "zstd")))]
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(super) fn inner(&mut self) -> &mut W {
        match self {
            Encoder::Plain(inner) => inner,
            #[cfg(feature = "gzip")]
            Encoder::Gzip(encoder) => encoder.get_mut(),
            #[cfg(feature = "zstd")]
            Encoder::Zstd(encoder) => encoder.get_mut(),
        }
    }

    /// Writes what it takes to end the compressed data.
    #[cfg_attr(
        not(any(feature = "gzip", feature = "zstd")),
        expect(clippy::unnecessary_wraps, reason = "compression can fail")
    )]
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Encoder::Plain(inner) => Ok(inner),
            #[cfg(feature = "gzip")]
            Encoder::Gzip(encoder) => encoder.finish(),
            #[cfg(feature = "zstd")]
            Encoder::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Encoder::Plain(inner) => inner.write(data),
            #[cfg(feature = "gzip")]
            Encoder::Gzip(encoder) => encoder.write(data),
            #[cfg(feature = "zstd")]
            Encoder::Zstd(encoder) => encoder.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Encoder::Plain(inner) => inner.flush(),
            #[cfg(feature = "gzip")]
            Encoder::Gzip(encoder) => encoder.flush(),
            #[cfg(feature = "zstd")]
            Encoder::Zstd(encoder) => encoder.flush(),
        }
    }
}

impl<W: Write> fmt::Debug for Encoder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Encoder::Plain(_) => "Plain",
            #[cfg(feature = "gzip")]
            Encoder::Gzip(_) => "Gzip",
            #[cfg(feature = "zstd")]
            Encoder::Zstd(_) => "Zstd",
        };
        f.debug_tuple(name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_say_how_a_file_is_compressed() {
        let cases = [
            ("a.csv", Compression::None),
            ("a.csv.gz", Compression::Gzip),
            ("d.gz/a.GZ", Compression::Gzip),
            ("a.zst", Compression::Zstd),
            ("gz", Compression::None),
            (".gz", Compression::None),
        ];
        for (path, expected) in cases {
            assert_eq!(Compression::of_path(Path::new(path)), expected, "{path}");
        }
    }

    #[cfg(not(any(feature = "gzip", feature = "zstd")))]
    #[test]
    fn what_is_not_built_in_is_refused() {
        assert!(Compression::None.check("export").is_ok());
        for (compression, feature) in [(Compression::Gzip, "gzip"), (Compression::Zstd, "zstd")] {
            let error = compression.check("export").unwrap_err().to_string();
            assert!(error.contains(&format!("feature `{feature}`")), "{error}");
        }
    }
}

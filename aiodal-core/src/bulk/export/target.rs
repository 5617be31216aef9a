//! Where an export goes.

use std::path::PathBuf;
use std::pin::Pin;

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::compress::Compression;
use super::writer::Writer;
use crate::error::{BoxError, Error, Result};

type Callback<'a> = Box<dyn FnMut(Bytes) -> Result<(), BoxError> + Send + 'a>;
type AnyWriter<'a> = Pin<Box<dyn AsyncWrite + Send + 'a>>;

/// Where an export is to go.
pub(super) enum Target<'a> {
    Path(PathBuf),
    Writer(AnyWriter<'a>),
    Callback(Callback<'a>),
}

/// Where it goes.
pub(super) enum Open<'a> {
    Thread(Writer),
    Writer(AnyWriter<'a>),
    Callback(Callback<'a>),
}

impl<'a> Target<'a> {
    /// Returns the compression that it has if nobody says anything else.
    pub(super) fn compression(&self) -> Compression {
        match self {
            Target::Path(path) => Compression::of_path(path),
            Target::Writer(_) | Target::Callback(_) => Compression::None,
        }
    }

    /// Opens it. Returns what is left to be compressed before it is written.
    pub(super) async fn open(self, compression: Compression) -> Result<(Open<'a>, Compression)> {
        Ok(match self {
            Target::Path(path) => {
                let writer = Writer::open(&path, compression).await?;
                (Open::Thread(writer), Compression::None)
            }
            Target::Writer(writer) => (Open::Writer(writer), compression),
            Target::Callback(callback) => (Open::Callback(callback), compression),
        })
    }
}

impl Open<'_> {
    pub(super) async fn write(&mut self, piece: Bytes) -> Result<()> {
        match self {
            Open::Thread(writer) => writer.write(piece).await,
            Open::Writer(writer) => writer.write_all(&piece).await.map_err(refused),
            Open::Callback(callback) => callback(piece).map_err(|error| {
                Error::bulk("export", "the callback returned an error", Some(error))
            }),
        }
    }

    /// Returns how many bytes have been written so far, if that differs from what it was given.
    pub(super) fn bytes(&self) -> Option<u64> {
        match self {
            Open::Thread(writer) => Some(writer.bytes()),
            Open::Writer(_) | Open::Callback(_) => None,
        }
    }

    /// Ends it. Returns the same of all that was written.
    pub(super) async fn finish(self) -> Result<Option<u64>> {
        match self {
            Open::Thread(writer) => writer.finish().await.map(Some),
            Open::Writer(mut writer) => {
                writer.flush().await.map_err(refused)?;
                Ok(None)
            }
            Open::Callback(_) => Ok(None),
        }
    }
}

fn refused(error: std::io::Error) -> Error {
    Error::bulk(
        "export",
        "the writer returned an error; see the cause",
        Some(error.into()),
    )
}

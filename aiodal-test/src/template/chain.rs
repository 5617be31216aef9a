//! A template and the layers on it.

use super::names::Names;
use crate::digest::digest;
use crate::fixture::{Layer, Layers};

/// The names of a template's layers: each is known by what is below it and by what it is itself.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    layers: Layers,
    base: Names,
    /// The top of each layer, from the lowest up.
    links: Vec<(Layer, Names)>,
}

impl Chain {
    pub(crate) fn new(base: Names, layers: Layers) -> Chain {
        let mut below = base.clone();
        let links = layers
            .iter()
            .map(|layer| {
                let (file, path) = layer.source.identity();
                let content = digest(&[
                    below.content().as_bytes(),
                    file.as_bytes(),
                    path.as_bytes(),
                    &layer.content.to_le_bytes(),
                ]);
                // As many digits as the base has.
                below = base.with_content(content[..base.content().len()].to_owned());
                (*layer, below.clone())
            })
            .collect();
        Chain {
            layers,
            base,
            links,
        }
    }

    pub(crate) fn layers(&self) -> &Layers {
        &self.layers
    }

    /// The layers from the lowest up, each with the names of its top.
    pub(crate) fn links(&self) -> &[(Layer, Names)] {
        &self.links
    }

    /// The names of the template below the first layer.
    pub(crate) fn base(&self) -> &Names {
        &self.base
    }

    /// The names of the whole.
    pub(crate) fn names(&self) -> &Names {
        self.links.last().map_or(&self.base, |(_, names)| names)
    }

    /// The names of all parts.
    pub(crate) fn all_names(&self) -> impl Iterator<Item = &Names> {
        let links = self.links.iter().map(|(_, names)| names);
        [&self.base].into_iter().chain(links)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{layer, layers};

    fn templates(of: &[Layer]) -> Vec<String> {
        let base = Names::new("0a1b2c3d".into(), "001122334455".into());
        let chain = Chain::new(base, layers(of));
        chain.all_names().map(Names::template).collect()
    }

    #[test]
    fn chain_without_layers_is_its_base() {
        assert_eq!(templates(&[]), ["aiodal_0a1b2c3d_001122334455"]);
    }

    #[test]
    fn sets_that_begin_alike_share_what_they_have_in_common() {
        let (users, posts, tags) = (
            layer("it::users", 0, 1),
            layer("it::posts", 1, 2),
            layer("it::tags", 0, 3),
        );
        let all = templates(&[tags, users, posts]);
        assert_eq!(templates(&[tags, users])[..], all[..3]);
        assert_eq!(templates(&[tags])[..], all[..2]);
        assert_ne!(templates(&[users])[1], all[1]);
    }

    #[test]
    fn edited_fixture_and_all_above_it_are_new() {
        let posts = layer("it::posts", 1, 2);
        let old = templates(&[layer("it::users", 0, 1), posts]);
        let new = templates(&[layer("it::users", 0, 9), posts]);
        assert_eq!(old[0], new[0]);
        assert!(old[1] != new[1] && old[2] != new[2]);
    }

    #[test]
    fn binaries_that_include_the_same_file_share_its_layers() {
        assert_eq!(
            templates(&[layer("one::common::users", 0, 1)]),
            templates(&[layer("two::common::users", 0, 1)])
        );
    }
}

//! Fixtures: what tests and other fixtures ask for by the types of their arguments, or by name.
//!
//! Generated code first plans: every argument says what it needs, and what it would set up. Nothing has been begun
//! then, so that a cycle, or a value that two want for themselves, is found before anything is touched; and so that the
//! database can be chosen by all that is asked for. Then each argument is set up, in the order of the arguments.

mod argument;
mod built_in;
mod call;
mod finalizers;
mod instance;
mod layer;
mod layers;
mod of_session;
mod of_test;
mod plan;
mod requirements;
mod source;

pub use self::argument::{Planned, SessionPlanned, Shared};
pub(crate) use self::call::{said, text_of};
pub use self::finalizers::{FinalizerOutcome, Finalizers};
pub use self::layer::{LayerCall, LayerFn, LayerValue, Layered};
#[cfg(test)]
pub(crate) use self::layers::tests::{layer, layers};
pub(crate) use self::layers::{Layer, Layers};
pub use self::of_session::{OfSession, SessionCall, SessionContext, SessionFixtureFn};
pub use self::of_test::{FixtureCall, FixtureFn, OfTest, With, WithValues};
pub use self::plan::Plan;
pub(crate) use self::requirements::{Clients, Requirements};
pub use self::source::FixtureSource;

/// Something that a test, or a fixture, asks for by the type of an argument.
///
/// `#[aiodal::fixture]` implements it for the type that its function returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing a test can ask for",
    label = "no fixture returns this",
    note = "write `#[aiodal::fixture]` above an `async fn` that returns it; if there is one, with the option `named` or for a \
            type of another crate, ask for it by name: `#[from(name)]`",
    note = "without a fixture, a test can ask for `Transaction`, `&Transaction`, `&mut Transaction`, `&DataAccessLayer`, \
            `&DatabaseUrl`, `&Config` and `&Finalizers`"
)]
pub trait Fixture: Sized + 'static {
    /// What sets it up.
    #[doc(hidden)]
    type Provider: Provider<Value = Self>;
}

/// The name of a fixture, as a type: what `#[from(name)]` names.
///
/// Not part of the stable interface.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no fixture",
    label = "not the name of a fixture",
    note = "`#[from(name)]` takes the path of a function with `#[aiodal::fixture]` above it"
)]
pub trait NamedFixture: 'static {
    /// What sets it up.
    type Provider: Provider;
}

/// What sets something up for whoever asks.
///
/// Not part of the stable interface.
pub trait Provider: 'static {
    /// What is asked for.
    type Value: 'static;

    /// Plans it for one who has it alone.
    fn own(plan: &mut Plan) -> Planned<Self::Value>;

    /// Plans it for one who borrows it.
    fn share(plan: &mut Plan) -> Planned<Shared<Self::Value>>;
}

/// What sets something up that outlives tests.
///
/// Not part of the stable interface.
#[diagnostic::on_unimplemented(
    message = "a session fixture cannot ask for what is set up for each test",
    label = "set up for each test",
    note = "a session fixture can ask for `&Config`, for other session fixtures by reference, and for `&mut Transaction`, which \
            makes it a layer of the template"
)]
pub trait SessionProvider: Provider {
    /// Plans it for one who borrows it for the rest of the process.
    fn share_in_session(plan: &mut Plan) -> SessionPlanned<Self::Value>;
}

//! One test, three hundred times: `hundred_0::ten_0::one_0` to `hundred_2::ten_9::one_9`.

/// Repeats an item three hundred times, each in a module of its own that sees what the root of the crate sees, where this is called.
#[macro_export]
macro_rules! three_hundred {
    ($($test:tt)*) => {
        mod hundred_0 { $crate::ten_times_ten! { $($test)* } }
        mod hundred_1 { $crate::ten_times_ten! { $($test)* } }
        mod hundred_2 { $crate::ten_times_ten! { $($test)* } }
    };
}

/// Repeats an item a hundred times; for [`three_hundred!`].
#[doc(hidden)]
#[macro_export]
macro_rules! ten_times_ten {
    ($($test:tt)*) => {
        mod ten_0 { $crate::ten! { $($test)* } }
        mod ten_1 { $crate::ten! { $($test)* } }
        mod ten_2 { $crate::ten! { $($test)* } }
        mod ten_3 { $crate::ten! { $($test)* } }
        mod ten_4 { $crate::ten! { $($test)* } }
        mod ten_5 { $crate::ten! { $($test)* } }
        mod ten_6 { $crate::ten! { $($test)* } }
        mod ten_7 { $crate::ten! { $($test)* } }
        mod ten_8 { $crate::ten! { $($test)* } }
        mod ten_9 { $crate::ten! { $($test)* } }
    };
}

/// Repeats an item ten times; for [`three_hundred!`].
#[doc(hidden)]
#[macro_export]
macro_rules! ten {
    ($($test:tt)*) => {
        mod one_0 { use super::super::super::*; $($test)* }
        mod one_1 { use super::super::super::*; $($test)* }
        mod one_2 { use super::super::super::*; $($test)* }
        mod one_3 { use super::super::super::*; $($test)* }
        mod one_4 { use super::super::super::*; $($test)* }
        mod one_5 { use super::super::super::*; $($test)* }
        mod one_6 { use super::super::super::*; $($test)* }
        mod one_7 { use super::super::super::*; $($test)* }
        mod one_8 { use super::super::super::*; $($test)* }
        mod one_9 { use super::super::super::*; $($test)* }
    };
}

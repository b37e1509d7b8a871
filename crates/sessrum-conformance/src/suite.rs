/// Makes one `#[test]` of every behaviour for the store that `$factory`, a future, makes anew for
/// each: an `Arc<dyn Store>`, or a pair of it and what must outlive it.
///
/// What a store must do is in `store_suite!`; what the manager and accounts
/// must do on top of it is in `manager_suite!`.
#[macro_export]
macro_rules! suite {
    ($factory:expr) => {
        $crate::store_suite! { $factory }

        mod manager {
            #[allow(
                unused_imports,
                reason = "the factory may name everything by its full path"
            )]
            use super::*;

            $crate::manager_suite! { $factory }
        }
    };
}

/// Makes a `#[test]` of each behaviour named, in a module for each theme of `$home`.
#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    ($factory:expr; $home:path; $($theme:ident { $($behaviour:ident,)+ })+) => {$(
        mod $theme {
            #[allow(unused_imports, reason = "the factory may name everything by its full path")]
            use super::*;
            use $home as home;

            $(
                #[test]
                fn $behaviour() {
                    $crate::run($factory, home::$theme::$behaviour);
                }
            )+
        }
    )+};
}

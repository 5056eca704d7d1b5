// SPDX-License-Identifier: GPL-2.0

//! Module parameters that are text.
//!
//! [`kernel::prelude::module!`] knows numbers alone yet; this is what is missing there.
//!
//! C header: [`include/linux/moduleparam.h`](srctree/include/linux/moduleparam.h)

use kernel::bindings;
use kernel::ffi::{
    c_char,
    c_int, //
};
use kernel::prelude::*;
use kernel::str::CStr;
use kernel::sync::SetOnce;

/// The longest text.
const MAX: usize = 255;

/// A parameter that [`text_param!`](crate::text_param) has made.
pub struct TextParam(SetOnce<([u8; MAX], usize)>);

impl TextParam {
    /// How printk's side of it is set.
    #[doc(hidden)]
    pub const OPS: bindings::kernel_param_ops = bindings::kernel_param_ops {
        flags: 0,
        set: Some(set),
        get: None,
        free: None,
    };

    #[doc(hidden)]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(SetOnce::new())
    }

    /// What it was set to; nothing, if it was not.
    pub fn value(&self) -> &str {
        match self.0.as_ref() {
            // What is in there was checked.
            Some((text, len)) => core::str::from_utf8(&text[..*len]).unwrap_or(""),
            None => "",
        }
    }

    fn set(&self, text: &[u8]) -> Result {
        let mut value = [0; MAX];
        value
            .get_mut(..text.len())
            .ok_or(ENOSPC)?
            .copy_from_slice(text);
        core::str::from_utf8(text).map_err(|_| EINVAL)?;
        if self.0.populate((value, text.len())) {
            Ok(())
        } else {
            Err(EEXIST)
        }
    }
}

/// # Safety
///
/// `text` is null or a string, and `param` one that [`text_param!`](crate::text_param) has made.
unsafe extern "C" fn set(text: *const c_char, param: *const bindings::kernel_param) -> c_int {
    if text.is_null() {
        return EINVAL.to_errno();
    }
    // SAFETY: The caller promises that it is a string.
    let text = unsafe { CStr::from_char_ptr(text) };
    // SAFETY: The caller promises that its argument is a static of this type.
    let param = unsafe { &*(*param).__bindgen_anon_1.arg.cast::<TextParam>() };
    match param.set(text.to_bytes()) {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// Copies a string into an array.
#[doc(hidden)]
pub const fn to_array<const N: usize>(text: &str) -> [u8; N] {
    let mut array = [0; N];
    let mut i = 0;
    while i < N {
        array[i] = text.as_bytes()[i];
        i += 1;
    }
    array
}

/// Makes a module parameter of text, at most 255 octets of UTF-8: MODULE.NAME.
///
/// It is given once, when the module is loaded, and not shown in sysfs. Like those of
/// [`kernel::prelude::module!`] it is better off in a module of its own, where its lower-case name
/// is in nobody's way; the driver's `LocalModule` has to be in scope there.
///
/// # Examples
///
/// ```
/// mod texts {
///     use crate::LocalModule;
///     sluice::text_param!(mine.server, "ADDRESS:PORT of the server");
/// }
///
/// assert_eq!(texts::server.value(), "");
/// ```
#[macro_export]
macro_rules! text_param {
    ($module:ident . $name:ident, $description:literal) => {
        #[allow(non_upper_case_globals)]
        pub(crate) static $name: $crate::param::TextParam = $crate::param::TextParam::new();

        const _: () = {
            const OPS: &::kernel::bindings::kernel_param_ops = &$crate::param::TextParam::OPS;
            const INFO: &str = concat!("parm=", stringify!($name), ":", $description, "\0");
            #[cfg(MODULE)]
            #[link_section = ".modinfo"]
            #[used]
            static __INFO: [u8; INFO.len()] = $crate::param::to_array(INFO);
            const TYPE: &str = concat!("parmtype=", stringify!($name), ":charp\0");
            #[cfg(MODULE)]
            #[link_section = ".modinfo"]
            #[used]
            static __TYPE: [u8; TYPE.len()] = $crate::param::to_array(TYPE);

            #[link_section = "__param"]
            #[used]
            static __PARAM: ::kernel::module_param::KernelParam =
                ::kernel::module_param::KernelParam::new(::kernel::bindings::kernel_param {
                    name: ::kernel::str::as_char_ptr_in_const_context(
                        match ::core::ffi::CStr::from_bytes_with_nul(
                            if cfg!(MODULE) {
                                concat!(stringify!($name), "\0")
                            } else {
                                concat!(stringify!($module), ".", stringify!($name), "\0")
                            }
                            .as_bytes(),
                        ) {
                            Ok(__text) => __text,
                            Err(_) => panic!("a name with a zero octet"),
                        },
                    ),
                    mod_: <LocalModule as ::kernel::ModuleMetadata>::THIS_MODULE.as_ptr(),
                    ops: OPS,
                    perm: 0,
                    level: -1,
                    flags: 0,
                    __bindgen_anon_1: ::kernel::bindings::kernel_param__bindgen_ty_1 {
                        arg: ::core::ptr::from_ref(&$name).cast_mut().cast(),
                    },
                });
        };
    };
}

#[cfg(not(MODULE))]
#[kunit_tests(sluice_rust_param)]
mod tests {
    use super::*;

    #[test]
    fn once() {
        let param = TextParam::new();
        assert_eq!(param.value(), "");
        assert_eq!(param.set(b"192.0.2.1:6514"), Ok(()));
        assert_eq!(param.value(), "192.0.2.1:6514");
        assert_eq!(param.set(b"another"), Err(EEXIST));
        assert_eq!(param.value(), "192.0.2.1:6514");
    }

    #[test]
    fn only_text_that_has_room() {
        let param = TextParam::new();
        assert_eq!(param.set(&[b'a'; MAX + 1]), Err(ENOSPC));
        assert_eq!(param.set(b"\xff"), Err(EINVAL));
        assert_eq!(param.set(&[b'a'; MAX]), Ok(()));
        assert_eq!(param.value().len(), MAX);
    }
}

//! The records that cross a system call must be the kernel's. What the libc crate says of them is
//! compared, when the program is compiled, with each system's headers, whose numbers stand in its file.

/// Size, alignment and offsets of a record. They are those of 64-bit machines, which is what the systems are run
/// on; on others nothing is compared. `ci/cross/headers` reads these lines and asks the headers.
#[doc(hidden)]
#[macro_export]
macro_rules! layout {
    ($record:ty: $size:literal align $align:literal $(, $field:ident $offset:literal)* $(,)?) => {
        #[cfg(target_pointer_width = "64")]
        const _: () = assert!(
            core::mem::size_of::<$record>() == $size
                && core::mem::align_of::<$record>() == $align
                $(&& core::mem::offset_of!($record, $field) == $offset)*
        );
    };
}

#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (runit_tests::fuzz::chpst::READY.body)(input);
});

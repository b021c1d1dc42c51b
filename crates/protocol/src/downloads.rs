//! The files that the download workload fetches from the site.
//!
//! Their content is a function of their number: the site's build writes them, and the engine knows without
//! a request what each has to hold.

/// How many there are.
pub const COUNT: u32 = 16;

/// The path of the `n`-th, relative to the page. Numbers wrap around at [`COUNT`].
pub fn path(n: u32) -> String {
    format!("files/{:02}.txt", n % COUNT)
}

/// The content of the `n`-th: lines of numbers, 8 to 68 KiB.
pub fn file(n: u32) -> Vec<u8> {
    let n = n % COUNT;
    let length = 8 * 1024 + n as usize * 4096;
    let mut text = Vec::with_capacity(length + 16);
    // The generator of Park and Miller (1988): x := 48271 x mod 2^31 - 1.
    let mut x = u64::from(n) + 1;
    while text.len() < length {
        x = x * 48_271 % 0x7fff_ffff;
        text.extend_from_slice(format!("{x:010}").as_bytes());
        text.push(b'\n');
    }
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_differ_and_numbers_wrap() {
        assert_ne!(file(0)[..100], file(1)[..100]);
        assert_eq!((file(3), path(3)), (file(3 + COUNT), path(3 + COUNT)));
        assert_eq!(file(15).len(), 68 * 1024);
    }
}

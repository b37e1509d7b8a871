//! Numbers as text, for what every answer has: the formatting machinery takes several times as long.

/// The last digits of a number, in base 10.
pub(crate) fn decimal<const COUNT: usize>(mut number: u32) -> [u8; COUNT] {
    let mut digits = [b'0'; COUNT];
    for digit in digits.iter_mut().rev() {
        let [last, ..] = (number % 10).to_le_bytes();
        *digit += last;
        number /= 10;
    }
    digits
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(half + if half < 10 { b'0' } else { b'a' - 10 });
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_formatting_machinery() {
        for number in [0, 7, 10, 99, 4711, 9999] {
            assert_eq!(decimal::<4>(number), *format!("{number:04}").as_bytes());
        }
        for byte in 0..=255_u8 {
            assert_eq!(hex(&[byte]), format!("{byte:02x}"));
        }
    }
}

//! Tokens: nothing but the very one opens a session, and nobody can foresee one.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sessrum_core::SessionToken;

use crate::support::{Plan, SECOND, Site, Wanted};

/// Security: 7.2.1, abuse 35, parameter token
#[tokio::test]
async fn only_the_very_token_opens_a_session() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let token = browser.token().unwrap();
    let hash = SessionToken::parse(&token).unwrap().hash();
    let other_case: String = token
        .chars()
        .map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    let mut wrong = vec![
        URL_SAFE_NO_PAD.encode(hash.as_bytes()),
        browser.handle().await,
        site.signed_in("bob").await.csrf(),
        other_case,
        token.to_lowercase(),
        token.chars().rev().collect(),
        "A".repeat(43),
    ];
    wrong.extend((0..token.len()).map(|length| token[..length].to_owned()));
    let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
    for bit in 0..256 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        wrong.push(URL_SAFE_NO_PAD.encode(flipped));
    }
    for wrong in wrong {
        let thief = site.browser();
        thief.hold(&wrong);
        thief.state_of().await.problem(401, "session_not_found").keeps_cookie();
    }
    browser.state_of().await.ok();
}

const SIGN_INS: usize = 10_000;

/// Two users take turns, a second after the other, with the randomness of production. Were the
/// tokens not random, the chance to pass would be nil; as they are, the chance to fail is.
///
/// Security: 7.2.2, 7.2.3, N5.1.1, parameter token
#[tokio::test]
async fn no_token_repeats_or_tells_whose_or_of_when_it_is() {
    let plan = Plan { database: Wanted::Memory, of_the_system: true, ..Plan::default() };
    let site = Site::of(plan).await;
    let browsers = [("ada", site.browser()), ("bob", site.browser())];
    let mut tokens = Vec::with_capacity(SIGN_INS);
    for number in 0..SIGN_INS {
        let (name, browser) = &browsers[number % 2];
        let token = browser.sign_in(name).await.ok().token().unwrap();
        assert_eq!(token.len(), 43);
        tokens.push(URL_SAFE_NO_PAD.decode(token).unwrap());
        site.pass(SECOND);
    }
    assert_eq!(tokens.iter().collect::<BTreeSet<_>>().len(), SIGN_INS);
    let [adas, bobs] = [0, 1].map(|first| tokens.iter().skip(first).step_by(2).collect::<Vec<_>>());
    let (early, late) = tokens.split_at(SIGN_INS / 2);
    for (what, group) in [
        ("ada's", adas),
        ("bob's", bobs),
        ("the early ones", early.iter().collect()),
        ("the late ones", late.iter().collect()),
    ] {
        for bit in 0..256 {
            let ones = group.iter().filter(|token| is_set(token, bit)).count();
            // Half of 5000, and eight standard deviations to either side.
            assert!((2217..=2783).contains(&ones), "{what}: bit {bit} is set {ones} times");
        }
    }
    // Each differs from the one before, and from that user's one before, as chance has it.
    for distance in [1, 2] {
        for (one, other) in tokens.iter().zip(&tokens[distance..]) {
            let differing: u32 = one.iter().zip(other).map(|(a, b)| (a ^ b).count_ones()).sum();
            assert!((60..=196).contains(&differing), "{differing} bits differ");
        }
    }
}

fn is_set(token: &[u8], bit: usize) -> bool {
    token[bit / 8] >> (bit % 8) & 1 == 1
}

//! Sign-ins that wait together, and are made by the same statements.

use sessrum_core::store::{AccountStore as _, CreateOutcome, NewSession, SessionStore as _};
use sessrum_core::{Change, Client, EndReason, NEW_DEVICE};

use crate::support::{TestStore, by_system};

#[tokio::test]
async fn sign_ins_that_are_made_together_do_not_mix() {
    let test = TestStore::new().await;
    let (ada, bob) = (test.user_named("ada").await, test.user_named("bob").await);
    let off = test.user_named("off").await;
    test.set_user_active(&off, false, &by_system(1)).await.unwrap();
    let adas = test.sign_in(test.new_session(ada.clone()), 2).await;
    let bobs = test.sign_in(test.new_session(bob.clone()), 3).await;
    let taken = test.new_session(9);
    test.sign_in(taken.clone(), 4).await;

    let replacing = NewSession {
        replaces: Some(bobs.id),
        user_is_bundled: false,
        ..test.new_session("of another directory")
    };
    let evicting = NewSession { cap: 1, ..test.new_session(ada) };
    let refused = test.new_session(off);
    let collides = NewSession { user_id: 8.into(), ..taken };
    let change = by_system(5);
    let create = |new| test.create(new, &change);
    let (replacing, evicting, refused, collides, plain) = tokio::join!(
        create(replacing),
        create(evicting),
        create(refused),
        create(collides),
        create(test.new_session(bob)),
    );
    let ended = |outcome| match outcome {
        CreateOutcome::Created { ended, .. } => {
            ended.into_iter().map(|session| (session.id, session.reason)).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(ended(replacing.unwrap()), [(bobs.id, EndReason::Logout)]);
    assert_eq!(ended(evicting.unwrap()), [(adas.id, EndReason::Evicted)]);
    assert_eq!(refused.unwrap(), CreateOutcome::Refused);
    assert_eq!(collides.unwrap(), CreateOutcome::Collision);
    assert_eq!(ended(plain.unwrap()), []);
    assert_eq!(test.count_live().await.unwrap(), 4);
}

#[tokio::test]
async fn sign_ins_of_a_user_that_come_together_know_each_others_devices() {
    let test = TestStore::new().await;
    let on = |agent: &str| {
        let user_agent = Some(agent.into());
        Change { client: Client { user_agent, ..Client::default() }, ..by_system(1) }
    };
    let (phone, desk) = (on("curl/8.5.0"), on("wget/1.25"));
    let create = |change| test.create(test.new_session(1), change);
    let (one, two, three) = tokio::join!(create(&phone), create(&desk), create(&phone));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let details: Vec<_> = test.trail().await.into_iter().map(|event| event.detail).collect();
    assert_eq!(details, ["", NEW_DEVICE, ""]);
}

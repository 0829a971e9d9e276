//! Bots: what they may do, how much, and that they end.

use wardline_store::NewBot;

use crate::support::{MINUTE, NOW, admit, store_test};

store_test! {
    async fn a_bot_sends_as_many_as_it_may_in_a_minute_until_it_is_disabled(db) {
        let store = db.store();
        let (owner, bot) = (admit(&store, "anna").await.user, admit(&store, "lab").await.user);
        let mut tx = store.write().await.unwrap();
        assert!(!tx.count_bot_message(bot, NOW).await.unwrap(), "it is none yet");
        let new = NewBot {
            user_id: bot,
            owner,
            scope: "{}".to_owned(),
            per_minute: 2,
            created_by: owner,
        };
        tx.create_bot(&new, NOW).await.unwrap();
        let found = tx.bot(bot).await.unwrap().unwrap();
        assert_eq!((found.owner, found.per_minute, found.disabled_at), (owner, 2, None));
        for (at, counted) in [
            (NOW, true),
            (NOW + 1, true),
            (NOW + MINUTE - 1, false),
            (NOW + MINUTE, true),
            // A clock that went back begins anew.
            (NOW - MINUTE, true),
        ] {
            assert_eq!(tx.count_bot_message(bot, at).await.unwrap(), counted, "{at}");
        }
        assert!(tx.set_bot_scope(bot, "{\"reads\":true}", 3).await.unwrap());
        assert!(!tx.set_bot_scope(owner, "{}", 3).await.unwrap());
        assert_eq!(tx.bots().await.unwrap()[0].scope, "{\"reads\":true}");
        let found = tx.search_people("lab", NOW, 10).await.unwrap();
        assert!(found[0].is_bot);

        assert!(tx.disable_bot(bot, owner, NOW + 2).await.unwrap());
        assert!(!tx.disable_bot(bot, owner, NOW + 3).await.unwrap());
        assert!(!tx.set_bot_scope(bot, "{}", 3).await.unwrap());
        assert!(!tx.count_bot_message(bot, NOW + 10 * MINUTE).await.unwrap());
        assert!(!tx.person(bot).await.unwrap().unwrap().active);
        assert_eq!(tx.bots().await.unwrap()[0].disabled_at, Some(NOW + 2));
    }
}

//! What a signed-in request is made of, each part alone, and the whole of it without a network. The
//! session is in the cache, as that of a browser that was there a moment ago.

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, Request, header};
use axum::response::IntoResponse as _;
use futures_util::FutureExt as _;
use sessrum_core::store::{AddPlatform, AddUser, NewPlatform, NewUser};
use sessrum_core::{
    Accounts, Change, Client, ManualClock, MemoryStore, PasswordCost, PasswordHasher, Role,
    SecretKey, SeededRandom, SessionContext, SessionToken, SignIn, SignInOutcome, Timestamp,
    UnifiedSessionManager, UserInfo, judge,
};
use sessrum_web::api::{self, ApiState, State};
use sessrum_web::{
    Answers, CsrfGate, DatabaseSessionLayer, Origin, ProxyGate, SecurityHeaders,
    SessionCookieManager, TrustedProxies,
};
use tower_service::Service as _;

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Does a part once.
pub type Part = fn(&mut Parts);

/// Each part by its name.
pub const ALL: [(&str, Part); 7] = [
    ("cookie extraction", Parts::extract_cookie),
    ("token parse", Parts::parse_token),
    ("judge", Parts::judge),
    ("cache hit", Parts::hit_cache),
    ("CSRF check", Parts::check_csrf_token),
    ("state as JSON", Parts::write_state),
    ("whole request", Parts::answer_request),
];

/// One user with one session, and what their browser sends.
pub struct Parts {
    manager: Arc<UnifiedSessionManager>,
    client: Client,
    token: SessionToken,
    token_text: String,
    csrf_token: String,
    headers: HeaderMap,
    cookies: SessionCookieManager,
    context: SessionContext,
    site: Router,
}

impl Parts {
    /// Signs the user in, and asks once.
    ///
    /// # Panics
    /// When that fails.
    #[must_use]
    pub fn new() -> Self {
        let random = Arc::new(SeededRandom::new(1));
        let store = Arc::new(MemoryStore::new());
        // 2026-01-01T12:00:00Z.
        let clock = ManualClock::starting_at(Timestamp::from_micros(1_767_268_800_000_000));
        let manager = UnifiedSessionManager::new(store, &SecretKey::from_bytes([1; 32]))
            .with_clock(Arc::new(clock))
            .with_random(random.clone());
        let manager = Arc::new(manager);
        let client = Client {
            ip_address: Some([127, 0, 0, 1].into()),
            user_agent: Some(AGENT.into()),
            ..Client::default()
        };
        let (token, context) = sign_in(&manager, &client);
        let csrf_token = manager.csrf_key().session_token(&context.session.handle, &*random);

        let origin = Origin::parse("http://127.0.0.1:8080").expect("an origin");
        let cookies = SessionCookieManager::new(&origin);
        let token_text = token.expose();
        let mut headers = HeaderMap::new();
        let mut insert = |name, value: &str| {
            headers.insert(name, HeaderValue::from_str(value).expect("a header"));
        };
        insert(header::HOST, "127.0.0.1:8080");
        insert(header::USER_AGENT, AGENT);
        insert(header::COOKIE, &format!("theme=dark; session_id={token_text}"));
        let cheap = PasswordCost { memory_kib: 64, passes: 1 };
        let hasher = PasswordHasher::new(cheap, 1, random.clone());
        let accounts = Accounts::new(Arc::clone(&manager), hasher.expect("a cost that does"));
        let (api, _) = api::router(ApiState { accounts: Arc::new(accounts) }).split_for_parts();
        let around = (
            SecurityHeaders::new(&origin),
            Answers::new(random, |problem, _, _| problem.clone().into_response()),
            ProxyGate::new(origin.clone(), TrustedProxies::default()),
            DatabaseSessionLayer::new(Arc::clone(&manager), cookies),
            CsrfGate::new(origin, &[]),
        );
        let mut parts = Self {
            client,
            token,
            token_text: token_text.to_string(),
            csrf_token: csrf_token.expect("randomness"),
            headers,
            cookies,
            context,
            site: api.layer(around),
            manager,
        };
        // The first request confirms the token, the second is kept.
        parts.answer_request();
        parts.answer_request();
        parts
    }

    fn extract_cookie(&mut self) {
        black_box(self.cookies.extract(black_box(&self.headers)));
    }

    fn parse_token(&mut self) {
        black_box(SessionToken::parse(black_box(&self.token_text)));
    }

    fn judge(&mut self) {
        let session = black_box(&self.context.session);
        black_box(judge(session, session.last_activity, self.manager.now(), self.manager.policy()));
    }

    fn hit_cache(&mut self) {
        let context = self.manager.get_session_context(black_box(&self.token), &self.client);
        black_box(now(context).expect("a session"));
    }

    fn check_csrf_token(&mut self) {
        let handle = &self.context.session.handle;
        assert!(self.manager.csrf_key().verify_session_token(handle, black_box(&self.csrf_token)));
    }

    fn write_state(&mut self) {
        let state = State::of(black_box(&self.context), &self.manager);
        black_box(serde_json::to_vec(&state).expect("JSON"));
    }

    fn answer_request(&mut self) {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = "/api/session/state".parse().expect("a path");
        *request.headers_mut() = self.headers.clone();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        let answer = now(self.site.call(request)).unwrap_or_else(|never| match never {});
        assert_eq!(black_box(answer).status(), 200);
    }
}

impl Default for Parts {
    fn default() -> Self {
        Self::new()
    }
}

/// Nothing here waits.
fn now<F: Future>(future: F) -> F::Output {
    future.now_or_never().expect("an answer at once")
}

fn sign_in(manager: &UnifiedSessionManager, client: &Client) -> (SessionToken, SessionContext) {
    let change = Change::by_system(manager.now());
    let new = NewUser {
        username: "ada".to_owned(),
        email: "ada@example.org".to_owned(),
        role: Role::Viewer,
        password_hash: None,
    };
    let added = now(manager.store().add_user(new, &change)).expect("a user");
    let AddUser::Added(id) = added else { panic!("{added:?}") };
    let platform = NewPlatform {
        name: "Photographs".to_owned(),
        platform_type: "pixelfed".to_owned(),
        instance_url: "https://pixels.example.org".to_owned(),
        username: "ada".to_owned(),
        credentials: None,
        is_default: true,
    };
    let added = now(manager.store().add_platform(&id, platform, &change)).expect("a platform");
    assert!(matches!(added, AddPlatform::Added(_)), "{added:?}");
    let user = now(manager.store().user_by_name("ada")).expect("a user").expect("a user");
    let sign_in = SignIn {
        user: UserInfo { id, ..user.info },
        password_changed_at: None,
        platform_id: None,
        remember: false,
        replaces: None,
    };
    let outcome = now(manager.create_session(sign_in, client)).expect("a session");
    let SignInOutcome::SignedIn(signed_in) = outcome else { panic!("{outcome:?}") };
    (signed_in.token, signed_in.context)
}

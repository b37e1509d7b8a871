//! actix-session on Redis.

use actix_session::storage::RedisSessionStore;
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::Key;
use actix_web::{App, HttpResponse, HttpServer, Responder, test, web};
use clap::Parser;
use peers::{Arguments, State, write_cookies};

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let store = RedisSessionStore::new(&arguments.database).await?;
    let key = Key::from(&[7; 64]);
    let app = move || {
        let sessions =
            SessionMiddleware::builder(store.clone(), key.clone()).cookie_secure(false).build();
        App::new()
            .wrap(sessions)
            .route("/state", web::get().to(state))
            .route("/sign-in/{number}", web::get().to(sign_in))
    };
    let service = test::init_service(app()).await;
    let mut cookies = Vec::with_capacity(arguments.sessions);
    for number in 0..arguments.sessions {
        let request = test::TestRequest::get().uri(&format!("/sign-in/{number}")).to_request();
        let response = test::call_service(&service, request).await;
        let set =
            response.response().cookies().map(|cookie| cookie.stripped().encoded().to_string());
        cookies.push(set.collect::<Vec<_>>().join("; "));
    }
    write_cookies(&arguments.cookies, cookies.into_iter())?;
    let server = HttpServer::new(app).bind("127.0.0.1:0")?;
    println!("http://{}", server.addrs()[0]);
    Ok(server.run().await?)
}

async fn state(session: Session) -> impl Responder {
    match session.get::<State>("state") {
        Ok(Some(state)) => HttpResponse::Ok().json(state),
        _ => HttpResponse::Unauthorized().finish(),
    }
}

async fn sign_in(session: Session, number: web::Path<usize>) -> impl Responder {
    match session.insert("state", State::of(*number)) {
        Ok(()) => HttpResponse::Ok(),
        Err(_) => HttpResponse::InternalServerError(),
    }
}

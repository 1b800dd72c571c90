//! What a vault keeps of what was deleted, as whoever may look at it sees it.

use super::variable;
use serde_json::Value;

/// The names of all deleted secrets of the vault at this address, which speaks plain HTTP.
pub(crate) async fn deleted(endpoint: &str) -> Vec<String> {
    let (client, token) = (client(), token("OPERATOR_CLIENT_ID").await);
    let (mut names, mut next) = (Vec::new(), Some(format!("{endpoint}/deletedsecrets?api-version=7.4")));
    while let Some(url) = next {
        let page = json(client.get(url).bearer_auth(&token)).await;
        let ids = page["value"].as_array().expect("no page").iter().map(|one| one["recoveryId"].as_str());
        names.extend(ids.map(|id| id.unwrap().rsplit('/').next().unwrap().to_owned()));
        next = page["nextLink"].as_str().map(|link| link.replace("https://", "http://"));
    }
    names
}

/// A token of the application whose id this variable tells.
pub(crate) async fn token(application: &str) -> String {
    let form = format!(
        "grant_type=client_credentials&scope=https://vault.azure.net/.default&client_id={}&client_secret={}",
        variable(application),
        variable("CLIENT_SECRET")
    );
    let url = format!("{}/{}/oauth2/v2.0/token", variable("AUTHORITY"), variable("TENANT_ID"));
    json(client().post(url).body(form)).await["access_token"].as_str().expect("no token").to_owned()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn json(request: reqwest::RequestBuilder) -> Value {
    serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap()
}

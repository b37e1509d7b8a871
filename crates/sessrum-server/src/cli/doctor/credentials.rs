use super::Check;
use crate::instance::Instance;

const NAME: &str = "platform credentials";

/// Every platform's credentials are sealed under the secret in force.
pub(super) async fn check(instance: &Instance) -> Check {
    let counts = match instance.manager.count_credentials().await {
        Ok(counts) => counts,
        Err(error) => return Check::failed(NAME, format!("They cannot be read: {error}")),
    };
    let key = instance.manager.sealing_key();
    let lost: usize = counts.iter().filter(|(id, _)| !key.knows(id)).map(|(_, count)| count).sum();
    let current = counts.get(key.id()).copied().unwrap_or(0);
    let earlier = counts.values().sum::<usize>() - current - lost;
    if lost > 0 {
        Check::failed(
            NAME,
            format!(
                "Those of {lost} platform(s) are sealed under a secret that is not configured: \
                 name its file in earlier_secret_key_files."
            ),
        )
    } else if earlier > 0 {
        let advice = "run `sessrum platform reseal`";
        Check::warning(NAME, format!("{earlier} are sealed under an earlier secret: {advice}."))
    } else {
        Check::ok(NAME, format!("All {current} are sealed under the secret in force."))
    }
}

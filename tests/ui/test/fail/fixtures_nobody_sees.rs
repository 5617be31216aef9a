#[aiodal::test(fixtures("users"))]
async fn counts_users() {}

#[aiodal::test(fixtures("users"))]
#[case(1)]
async fn counts_users_of(#[case] year: i32) {
    let _ = year;
}

fn main() {}

//! The list of devices, page by page.

use serde_json::{Value, json};
use wardline_model::DeviceId;
use wardline_model::endorsement::Duty;
use wardline_model::wire::devices::{DeviceInfo, DeviceList};
use wardline_model::wire::enroll::DeviceState;

use crate::support::managed::{colleague_called, phone_of};
use crate::support::{Device, Engine, Hospital, story};

async fn page(asker: &mut Device, query: &str) -> DeviceList {
    let path = format!("/v1/devices?{query}");
    asker.get(&path).await.expect(200).json()
}

/// The pages behind a device, or from the newest on, up to the last.
async fn pages(
    asker: &mut Device,
    query: &str,
    mut after: Option<DeviceId>,
) -> Vec<Vec<DeviceInfo>> {
    let mut pages = Vec::new();
    loop {
        let from = after.map_or_else(String::new, |id| format!("&after={id}"));
        let list = page(asker, &format!("{query}{from}")).await;
        pages.push(list.devices);
        after = list.next;
        if after.is_none() {
            return pages;
        }
    }
}

fn sizes(pages: &[Vec<DeviceInfo>]) -> Vec<usize> {
    pages.iter().map(Vec::len).collect()
}

fn ids(devices: &[DeviceInfo]) -> Vec<DeviceId> {
    devices.iter().map(|device| device.id).collect()
}

/// What the list says of devices that does not depend on when it is asked.
fn told(devices: &[DeviceInfo]) -> Vec<(DeviceId, DeviceState, Duty, Option<String>, bool)> {
    let told = |d: &DeviceInfo| (d.id, d.state, d.duty, d.system.clone(), d.current);
    devices.iter().map(told).collect()
}

story!(the_fleet_comes_in_pages_with_each_device_once_the_newest_first);
async fn the_fleet_comes_in_pages_with_each_device_once_the_newest_first(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let mut enrolled = vec![officer.id()];
    for version in ["13", "14", "15", "16"] {
        // Each at a moment of its own, so that it is known which one is newer.
        hospital.clock.advance(1);
        let mut phone = hospital.another_device(&mut officer).await;
        let facts = json!([
            { "name": "platform", "value": "android" },
            { "name": "os_version", "value": version },
        ]);
        phone.report(&facts).await.expect(200);
        enrolled.push(phone.id());
    }
    enrolled.reverse();
    let whole: Value = officer
        .get("/v1/devices?limit=500")
        .await
        .expect(200)
        .json();
    assert!(whole.get("next").is_none(), "nothing follows");
    let whole = page(&mut officer, "scope=all").await;
    assert_eq!((ids(&whole.devices), whole.next), (enrolled.clone(), None));
    assert_eq!(whole.devices[0].system.as_deref(), Some("Android 16"));

    let first = page(&mut officer, "scope=all&limit=2").await;
    assert_eq!(first.next, Some(enrolled[1]));
    hospital.clock.advance(1);
    let invite = hospital.invite(&mut officer).await;
    let mut newcomer = hospital.device();
    newcomer.enroll(&invite.code).await;
    let rest = pages(&mut officer, "scope=all&limit=2", first.next).await;
    assert_eq!(sizes(&rest), [2, 1]);
    let read = [first.devices, rest.concat()].concat();
    assert_eq!(told(&read), told(&whole.devices));

    let newest = page(&mut officer, "scope=all&limit=1").await;
    assert_eq!(ids(&newest.devices), [newcomer.id()]);
    assert_eq!(newest.next, Some(newcomer.id()));
    let full = pages(&mut officer, "scope=all&limit=3", None).await;
    assert_eq!(sizes(&full), [3, 3], "no empty page follows a full one");

    // In one state, also behind a device that is in another one.
    let active = "scope=all&state=active&limit=2";
    let active = pages(&mut officer, active, Some(newcomer.id())).await;
    assert_eq!(sizes(&active), [2, 2, 1]);
    assert_eq!(ids(&active.concat()), enrolled);
    let pending = pages(&mut officer, "scope=all&state=pending&limit=1", None).await;
    assert_eq!(sizes(&pending), [1]);
    assert_eq!(ids(&pending[0]), [newcomer.id()]);

    // All of them are the officer's.
    let own = pages(&mut officer, "scope=own&limit=4", None).await;
    assert_eq!(sizes(&own), [4, 2]);
    assert_eq!(ids(&own.concat()), ids(&full.concat()));
    let own = pages(&mut officer, "scope=own&state=active&limit=4", None).await;
    assert_eq!(sizes(&own), [4, 1]);
    assert_eq!(ids(&own.concat()), enrolled);
}

story!(a_page_of_no_size_or_behind_no_device_is_refused_by_the_parameters_name);
async fn a_page_of_no_size_or_behind_no_device_is_refused_by_the_parameters_name(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    for (query, parameter) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=two", "query"),
        ("after=", "after"),
        ("after=nothing", "after"),
        ("after=00000000-0000-4000-8000-000000000000", "after"),
    ] {
        for scope in ["own", "all"] {
            let path = format!("/v1/devices?scope={scope}&{query}");
            let refused = officer.get(&path).await.refused(400, "invalid-parameter");
            assert_eq!(refused.extensions["parameter"], parameter, "{path}");
        }
    }

    // Whoever sees only their own devices learns nothing of others' by them.
    let nurse = colleague_called(&hospital, &officer, "amara.osei", "nurse").await;
    let mut nurse = phone_of(&hospital, &mut officer, nurse).await;
    let path = format!("/v1/devices?after={}", officer.id());
    let refused = nurse.get(&path).await.refused(400, "invalid-parameter");
    assert_eq!(refused.extensions["parameter"], "after");
    let path = format!("/v1/devices?scope=all&after={}", officer.id());
    nurse.get(&path).await.refused(403, "denied");
}

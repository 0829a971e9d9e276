//! The policies that ship with Wardline, as files beside the code for people to read.

use crate::source::Source;

/// The Cedar schema: what policies may speak of.
pub const SCHEMA: Source<'static> = Source {
    name: "wardline.cedarschema",
    text: include_str!("../policies/wardline.cedarschema"),
};

/// The baseline policies. When several refuse, the reason of the earliest stands first, so the
/// order runs from the person to the fine print.
pub const POLICIES: &[Source<'static>] = &[
    Source {
        name: "people.cedar",
        text: include_str!("../policies/people.cedar"),
    },
    Source {
        name: "devices.cedar",
        text: include_str!("../policies/devices.cedar"),
    },
    Source {
        name: "sessions.cedar",
        text: include_str!("../policies/sessions.cedar"),
    },
    Source {
        name: "factors.cedar",
        text: include_str!("../policies/factors.cedar"),
    },
    Source {
        name: "keeper.cedar",
        text: include_str!("../policies/keeper.cedar"),
    },
    Source {
        name: "bots.cedar",
        text: include_str!("../policies/bots.cedar"),
    },
    Source {
        name: "messaging.cedar",
        text: include_str!("../policies/messaging.cedar"),
    },
    Source {
        name: "charts.cedar",
        text: include_str!("../policies/charts.cedar"),
    },
    Source {
        name: "evidence.cedar",
        text: include_str!("../policies/evidence.cedar"),
    },
    Source {
        name: "views.cedar",
        text: include_str!("../policies/views.cedar"),
    },
    Source {
        name: "glass.cedar",
        text: include_str!("../policies/glass.cedar"),
    },
    Source {
        name: "looks.cedar",
        text: include_str!("../policies/looks.cedar"),
    },
    Source {
        name: "officers.cedar",
        text: include_str!("../policies/officers.cedar"),
    },
    Source {
        name: "records.cedar",
        text: include_str!("../policies/records.cedar"),
    },
    Source {
        name: "risk.cedar",
        text: include_str!("../policies/risk.cedar"),
    },
];

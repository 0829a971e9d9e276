//! ORC and OBR: what was ordered, and how it stands.

use chrono_tz::Tz;

use super::result::order_number;
use super::{Clinician, Coded, stamp, text, visit};
use crate::ack::{Fault, FaultCode, Place};
use crate::message::{Message, Segment};
use crate::time::Stamp;

/// How an order stands, as FHIR's `ServiceRequest.status` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    /// Under way.
    Active,
    /// Paused.
    OnHold,
    /// Stopped or withdrawn.
    Revoked,
    /// Done.
    Completed,
    /// It should never have been sent.
    Wrong,
    /// Nobody says.
    Unknown,
}

impl OrderStatus {
    /// FHIR's code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::OnHold => "on-hold",
            Self::Revoked => "revoked",
            Self::Completed => "completed",
            Self::Wrong => "entered-in-error",
            Self::Unknown => "unknown",
        }
    }

    /// The order's state where it is said (table 0038), else what the control code (table 0119) makes
    /// of it.
    fn of(control: &str, state: Option<&str>) -> Self {
        match control {
            "CA" | "OC" | "CR" | "UA" | "DC" | "OD" | "DR" => return Self::Revoked,
            "HD" | "OH" | "HR" => return Self::OnHold,
            "DE" => return Self::Wrong,
            _ => {}
        }
        match state {
            Some("A" | "IP" | "SC" | "RP") => Self::Active,
            Some("CA" | "DC") => Self::Revoked,
            Some("HD") => Self::OnHold,
            Some("CM") => Self::Completed,
            Some("ER") => Self::Wrong,
            _ => match control {
                "NW" | "OK" | "SN" | "XO" | "XX" | "RO" | "RP" | "RL" | "OE" | "SC" | "NA" => {
                    Self::Active
                }
                "RE" => Self::Completed,
                _ => Self::Unknown,
            },
        }
    }
}

/// One order.
#[derive(Clone)]
pub struct Order {
    /// ORC-2 or OBR-2.
    pub placer: Option<String>,
    /// ORC-3 or OBR-3.
    pub filler: Option<String>,
    /// ORC-1 and ORC-5.
    pub status: OrderStatus,
    /// OBR-4
    pub service: Option<Coded>,
    /// ORC-9: when it was ordered or changed.
    pub at: Option<Stamp>,
    /// ORC-12: who ordered.
    pub by: Option<Clinician>,
    /// ORC-7.6, OBR-5 or TQ1-9: whether it is urgent.
    pub is_urgent: bool,
}

/// All orders of a message.
pub(super) fn read(message: &Message<'_>, zone: Tz) -> Result<Vec<Order>, Fault> {
    let mut orders: Vec<Order> = Vec::new();
    for segment in message.segments() {
        match segment.name() {
            "ORC" => orders.push(order(segment, orders.len() + 1, zone)?),
            "OBR" => {
                let Some(order) = orders.last_mut() else {
                    continue;
                };
                // A second OBR under one ORC is a part of the same order.
                if order.service.is_none() {
                    order.service = Coded::read(segment.field(4));
                    order.placer = order
                        .placer
                        .take()
                        .or_else(|| order_number(segment.field(2)));
                    order.filler = order
                        .filler
                        .take()
                        .or_else(|| order_number(segment.field(3)));
                    order.is_urgent |= is_urgent(text(segment.field(5)));
                }
            }
            "TQ1" => {
                if let Some(order) = orders.last_mut() {
                    order.is_urgent |= is_urgent(text(segment.field(9)));
                }
            }
            _ => {}
        }
    }
    let nameless = orders
        .iter()
        .position(|order| order.placer.is_none() && order.filler.is_none());
    match nameless {
        Some(index) => Err(Fault {
            code: FaultCode::RequiredField,
            place: Some(Place {
                segment: "ORC",
                occurrence: index + 1,
                field: 2,
            }),
            words: "ORC-2 or ORC-3 must hold the order's number".to_owned(),
        }),
        None => Ok(orders),
    }
}

fn order(segment: Segment<'_>, occurrence: usize, zone: Tz) -> Result<Order, Fault> {
    let Some(control) = text(segment.field(1)) else {
        return Err(Fault {
            code: FaultCode::RequiredField,
            place: Some(Place {
                segment: "ORC",
                occurrence,
                field: 1,
            }),
            words: "ORC-1 must say what becomes of the order".to_owned(),
        });
    };
    Ok(Order {
        placer: order_number(segment.field(2)),
        filler: order_number(segment.field(3)),
        status: OrderStatus::of(&control, text(segment.field(5)).as_deref()),
        service: None,
        at: stamp(segment.field(9), zone),
        by: segment.field(12).repetitions().find_map(visit::clinician),
        is_urgent: is_urgent(text(segment.field(7).component(6))),
    })
}

fn is_urgent(priority: Option<String>) -> bool {
    priority.is_some_and(|text| matches!(text.as_str(), "S" | "A" | "STAT" | "ASAP"))
}

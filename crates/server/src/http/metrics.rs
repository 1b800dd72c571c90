//! `/metrics`: counts for Prometheus. Labels come from closed sets: routes, not paths; no names, no addresses.

use crate::audit::Trail;
use axum::http::{Method, StatusCode};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _, text::encode},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use std::{fmt, sync::Arc, time::Duration};
use strongroom_engine::Engine;
use strongroom_sql::SqlCatalog;

/// What type the text is of.
pub(crate) const CONTENT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    route: String,
}

/// What is counted.
pub(crate) struct Metrics {
    registry: Registry,
    answered: Family<Answered, Counter>,
    duration: Family<Route, Histogram, fn() -> Histogram>,
    under_way: Gauge,
}

impl Metrics {
    /// Over an engine and an audit trail, which count for themselves.
    pub(crate) fn new(engine: Engine, catalog: Arc<SqlCatalog>, trail: Trail) -> Self {
        // From half a millisecond to 16 s.
        let histogram: fn() -> Histogram = || Histogram::new(exponential_buckets(0.0005, 2.0, 16));
        let metrics = Self {
            registry: Registry::with_prefix("strongroom"),
            answered: Family::default(),
            duration: Family::new_with_constructor(histogram),
            under_way: Gauge::default(),
        };
        metrics.registered(engine, catalog, trail)
    }

    fn registered(mut self, engine: Engine, catalog: Arc<SqlCatalog>, trail: Trail) -> Self {
        let registry = &mut self.registry;
        registry.register("http_requests", "Requests answered", self.answered.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time from the head of a request to its answer",
            Unit::Seconds,
            self.duration.clone(),
        );
        registry.register("http_requests_under_way", "Requests being answered", self.under_way.clone());
        registry.register_collector(Box::new(Counted { engine, catalog, trail }));
        self
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let method = match *method {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::DELETE => "DELETE",
            _ => "other",
        };
        let answered = Answered { method, route: route.to_owned(), status: status.as_u16() };
        self.answered.get_or_create(&answered).inc();
        self.duration.get_or_create(&Route { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    /// All counts, as OpenMetrics; `None` if they cannot be written.
    pub(crate) fn text(&self) -> Option<String> {
        let mut text = String::new();
        encode(&mut text, &self.registry).ok().map(|()| text)
    }

    /// Counts a request as being answered while this is kept.
    pub(crate) fn under_way(&self) -> UnderWay {
        self.under_way.inc();
        UnderWay(self.under_way.clone())
    }
}

/// A request that is being answered.
pub(crate) struct UnderWay(Gauge);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What the engine, the database and the audit trail count themselves.
struct Counted {
    engine: Engine,
    catalog: Arc<SqlCatalog>,
    trail: Trail,
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counted")
    }
}

impl Collector for Counted {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let stats = self.engine.stats();
        let mut counter = |name, help, value| {
            ConstCounter::new(value).encode(encoder.encode_descriptor(
                name,
                help,
                None,
                MetricType::Counter,
            )?)
        };
        counter("cache_hits", "Reads answered from the cache", stats.cache_hits)?;
        counter("database_statements", "Statements sent to the database", self.catalog.statements())?;
        counter("cache_misses", "Reads that had to open or fetch a value", stats.cache_misses)?;
        let mut gauge = |name, help, value| {
            ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
        };
        gauge("cache_size_bytes", "Bytes that the cache holds", number(stats.cache_bytes))?;
        gauge(
            "audit_waiting",
            "Entries that wait to be written to the audit trail",
            number(self.trail.waiting() as u64),
        )?;
        gauge("audit_works", "Whether the audit trail can be written", i64::from(self.trail.works()))?;
        let help = "Whether the last call to a store was answered: 0 while it is down";
        let mut family = encoder.encode_descriptor("store_works", help, None, MetricType::Gauge)?;
        for store in self.engine.stores() {
            let works = i64::from(!stats.down.contains_key(store));
            ConstGauge::new(works).encode(family.encode_family(&[("store", store.to_string())])?)?;
        }
        let help = "Versions that calls left whose answer was lost, found in a store and removed";
        let mut family = encoder.encode_descriptor("store_twins_removed", help, None, MetricType::Counter)?;
        for store in self.engine.stores() {
            let twins = stats.twins.get(store).copied().unwrap_or_default();
            ConstCounter::new(twins).encode(family.encode_family(&[("store", store.to_string())])?)?;
        }
        let mut calls = |name, help, value: fn(&strongroom_engine::CallStats) -> u64| {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for ((store, operation), calls) in &stats.calls {
                let labels = [("store", store.to_string()), ("operation", (*operation).to_owned())];
                ConstCounter::new(value(calls)).encode(family.encode_family(&labels)?)?;
            }
            Ok(())
        };
        let help = "Operations of a store, repeats included; one may take several requests to its service";
        calls("store_calls", help, |calls| calls.sent)?;
        calls("store_calls_repeated", "Calls that repeated one before", |calls| calls.repeated)?;
        calls("store_bytes", "Payload bytes written to and read from a store", |calls| calls.bytes)?;
        calls("store_wait_microseconds", "Time spent waiting for a store", |calls| calls.micros)?;
        let help =
            "What the operations of a store cost in US dollars, estimated at the list price of its service";
        let mut family =
            encoder.encode_descriptor("store_estimated_cost_usd", help, None, MetricType::Counter)?;
        for ((store, operation), calls) in &stats.calls {
            if let Some(cost) = calls.cost {
                let labels = [("store", store.to_string()), ("operation", (*operation).to_owned())];
                ConstCounter::new(cost as f64 / 1e9).encode(family.encode_family(&labels)?)?;
            }
        }
        let help = "Calls to a store that failed, by kind";
        let mut family = encoder.encode_descriptor("store_calls_failed", help, None, MetricType::Counter)?;
        for ((store, operation), calls) in &stats.calls {
            for (kind, count) in &calls.failed {
                let labels = [
                    ("store", store.to_string()),
                    ("operation", (*operation).to_owned()),
                    ("kind", format!("{kind:?}")),
                ];
                ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

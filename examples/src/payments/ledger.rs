use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How many idempotency keys are remembered. None is ever forgotten, as a forgotten key would
/// charge twice: when the ledger is full it refuses what is new.
const MOST_KEYS: usize = 200_000;
/// The most bytes of a reference.
const MOST_REFERENCE: usize = 255;

/// What a charge asks for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeRequest {
    /// How much, in the currency's hundredths.
    pub amount_cents: u64,
    /// ISO 4217.
    pub currency: String,
    /// What the payer knows it by.
    pub reference: String,
}

/// Money that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// The gateway's id of it.
    pub id: String,
    /// The caller's name for it.
    pub reference: String,
    /// How much.
    pub amount_cents: u64,
    /// Of what.
    pub currency: String,
}

/// The answer that a key got, and gets for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Money moved, under this id.
    Captured {
        /// The charge's id.
        id: String,
    },
    /// The charge was declined.
    Declined,
}

/// Why a charge cannot be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerError {
    /// The key was used for another charge.
    KeyReused,
    /// There is no room for another key.
    Full,
}

/// Every charge there was, by idempotency key and in order.
#[derive(Debug)]
pub struct Ledger {
    answers: HashMap<String, (ChargeRequest, Answer)>,
    charges: Vec<Charge>,
    most: usize,
}

impl ChargeRequest {
    /// Which member is wrong, if one is.
    pub fn wrong_member(&self) -> Option<&'static str> {
        let currency = self.currency.as_bytes();
        let members = [
            (self.amount_cents > 0, "amount_cents"),
            (currency.len() == 3 && currency.iter().all(u8::is_ascii_uppercase), "currency"),
            ((1..=MOST_REFERENCE).contains(&self.reference.len()), "reference"),
        ];
        members.into_iter().find(|(holds, _)| !holds).map(|(_, member)| member)
    }
}

impl Ledger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self { answers: HashMap::new(), charges: Vec::new(), most: MOST_KEYS }
    }

    /// Moves the money, unless the key was answered before: then that answer stands.
    pub fn book(&mut self, key: &str, request: &ChargeRequest) -> Result<Answer, LedgerError> {
        if let Some(answer) = self.answered(key, request)? {
            return Ok(answer);
        }
        let id = format!("ch_{}", Uuid::now_v7().simple());
        self.charges.push(Charge {
            id: id.clone(),
            reference: request.reference.clone(),
            amount_cents: request.amount_cents,
            currency: request.currency.clone(),
        });
        Ok(self.remember(key, request, Answer::Captured { id }))
    }

    /// Declines the charge, unless the key was answered before: then that answer stands.
    pub fn decline(&mut self, key: &str, request: &ChargeRequest) -> Result<Answer, LedgerError> {
        match self.answered(key, request)? {
            Some(answer) => Ok(answer),
            None => Ok(self.remember(key, request, Answer::Declined)),
        }
    }

    /// The answer the key already has. An error if it may not have one.
    pub fn answered(
        &self,
        key: &str,
        request: &ChargeRequest,
    ) -> Result<Option<Answer>, LedgerError> {
        match self.answers.get(key) {
            Some((first, answer)) if first == request => Ok(Some(answer.clone())),
            Some(_) => Err(LedgerError::KeyReused),
            None if self.answers.len() >= self.most => Err(LedgerError::Full),
            None => Ok(None),
        }
    }

    /// The charges with this reference; all of them without one.
    pub fn charges(&self, reference: Option<&str>) -> Vec<Charge> {
        let wanted = |charge: &&Charge| reference.is_none_or(|it| charge.reference == it);
        self.charges.iter().filter(wanted).cloned().collect()
    }

    fn remember(&mut self, key: &str, request: &ChargeRequest, answer: Answer) -> Answer {
        self.answers.insert(key.to_owned(), (request.clone(), answer.clone()));
        answer
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(reference: &str) -> ChargeRequest {
        ChargeRequest {
            amount_cents: 100,
            currency: "EUR".to_owned(),
            reference: reference.to_owned(),
        }
    }

    #[test]
    fn a_key_charges_once() {
        let mut ledger = Ledger::new();
        let first = ledger.book("k", &request("a")).unwrap();
        assert_eq!(ledger.book("k", &request("a")).unwrap(), first);
        assert_eq!(ledger.charges(None).len(), 1);
        assert_eq!(ledger.book("k", &request("b")), Err(LedgerError::KeyReused));
        ledger.book("l", &request("b")).unwrap();
        assert_eq!(ledger.charges(Some("b")).len(), 1);
        assert_eq!(ledger.charges(None).len(), 2);
    }

    #[test]
    fn the_first_answer_stands() {
        let mut ledger = Ledger::new();
        assert_eq!(ledger.decline("k", &request("a")), Ok(Answer::Declined));
        assert_eq!(ledger.book("k", &request("a")), Ok(Answer::Declined));
        let booked = ledger.book("l", &request("b")).unwrap();
        assert_eq!(ledger.decline("l", &request("b")), Ok(booked));
        assert!(ledger.charges(Some("a")).is_empty());
    }

    #[test]
    fn a_full_ledger_refuses_the_new_and_answers_the_old() {
        let mut ledger = Ledger { most: 1, ..Ledger::new() };
        let first = ledger.book("k", &request("a")).unwrap();
        assert_eq!(ledger.book("l", &request("b")), Err(LedgerError::Full));
        assert_eq!(ledger.decline("l", &request("b")), Err(LedgerError::Full));
        assert_eq!(ledger.book("k", &request("a")), Ok(first));
    }

    #[test]
    fn wrong_members_are_named() {
        let right = request("a");
        assert_eq!(right.wrong_member(), None);
        let wrong = ChargeRequest { amount_cents: 0, ..right.clone() };
        assert_eq!(wrong.wrong_member(), Some("amount_cents"));
        let wrong = ChargeRequest { currency: "eur".to_owned(), ..right.clone() };
        assert_eq!(wrong.wrong_member(), Some("currency"));
        let wrong = ChargeRequest { reference: String::new(), ..right };
        assert_eq!(wrong.wrong_member(), Some("reference"));
    }
}

//! The name in a client's certificate (spec: rest-and-xcatd 3.1): the subject's common name, up to a slash.

/// Object identifier of the common name, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
/// Tag of the optional version field.
const VERSION: u8 = 0xa0;

/// The common name of a certificate in DER.
pub(super) fn common_name(der: &[u8]) -> Option<String> {
    let (certificate, _) = value(der, SEQUENCE)?;
    let (mut fields, _) = value(certificate, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        fields = skip(fields)?;
    }
    // Serial number, algorithm, issuer, validity.
    for _ in 0..4 {
        fields = skip(fields)?;
    }
    let (mut subject, _) = value(fields, SEQUENCE)?;
    let mut found = None;
    while !subject.is_empty() {
        let (set, rest) = value(subject, SET)?;
        subject = rest;
        let (attribute, _) = value(set, SEQUENCE)?;
        let (kind, rest) = value(attribute, OID)?;
        if kind == COMMON_NAME {
            let (_, text, _) = element(rest)?;
            found = std::str::from_utf8(text).ok();
        }
    }
    let name = found?.split('/').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// Contents of the element at the front if it has this tag, and what follows it.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, contents, rest) = element(der)?;
    (found == tag).then_some((contents, rest))
}

fn skip(der: &[u8]) -> Option<&[u8]> {
    element(der).map(|(_, _, rest)| rest)
}

/// Tag, contents, rest.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        let digits = rest.get(..count).filter(|_| (1..=4).contains(&count))?;
        let length = digits
            .iter()
            .fold(0usize, |n, digit| (n << 8) | usize::from(*digit));
        (length, &rest[count..])
    };
    Some((tag, rest.get(..length)?, &rest[length..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::common_name;

    fn certificate(name: &str) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(rcgen::DnType::OrganizationName, "O".repeat(200));
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_name_ends_at_a_slash() {
        assert_eq!(common_name(&certificate("root")).as_deref(), Some("root"));
        assert_eq!(
            common_name(&certificate("admin/x=y")).as_deref(),
            Some("admin")
        );
        assert_eq!(common_name(b""), None);
    }

    #[test]
    fn a_certificate_cut_anywhere_is_read_without_panic() {
        let der = certificate("root");
        for end in 0..der.len() {
            common_name(&der[..end]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(der in proptest::collection::vec(any::<u8>(), 0..64)) {
            common_name(&der);
        }
    }
}

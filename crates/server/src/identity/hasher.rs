//! argon2id in memory that goes back to the system.

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        CustomizedPasswordHasher, Error, PasswordHasher, Result,
        phc::{Output, ParamsString, PasswordHash, Salt},
    },
};
use zeroize::Zeroize as _;

/// Room for this is asked for, of which only what is used becomes memory. An allocator gives back at once only what it
/// takes for large: jemalloc 8 MiB (`oversize_threshold`), that of glibc, where a program has no other, up to 32 MiB
/// (mallopt(3), `M_MMAP_THRESHOLD`). It would hold on to the memory of a login for ever.
const ROOM: usize = (33 << 20) / Block::SIZE;

/// Hashes as [`Argon2`] does, with other memory, which is wiped.
pub(super) struct Hasher(Argon2<'static>);

impl Hasher {
    /// With the parameters that OWASP's password storage cheat sheet asks for at least: 19 MiB, two passes, one lane.
    pub(super) fn new() -> Result<Self> {
        let params = Params::new(19_456, 2, 1, None)?;
        Ok(Self(Argon2::new(Algorithm::Argon2id, Version::V0x13, params)))
    }
}

impl PasswordHasher<PasswordHash> for Hasher {
    fn hash_password_with_salt(&self, password: &[u8], salt: &[u8]) -> Result<PasswordHash> {
        let params = self.0.params().clone();
        self.hash_password_customized(password, salt, None, None, params)
    }
}

impl CustomizedPasswordHasher<PasswordHash> for Hasher {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> Result<PasswordHash> {
        let algorithm = algorithm.map_or(Ok(Algorithm::Argon2id), Algorithm::try_from)?;
        let version = version.map_or(Ok(Version::V0x13), Version::try_from)?;
        let salt = Salt::new(salt)?;
        let mut bytes = [0; Output::MAX_LENGTH];
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let out = bytes.get_mut(..length).ok_or(Error::OutputSize)?;
        let blocks = params.block_count();
        let mut memory = Vec::with_capacity(blocks.max(ROOM));
        memory.resize(blocks, Block::new());
        let hashed = Argon2::new(algorithm, version, params.clone()).hash_password_into_with_memory(
            password,
            &salt,
            out,
            &mut memory,
        );
        memory.iter_mut().zeroize();
        hashed?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(salt),
            hash: Some(Output::new(out)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::PasswordVerifier as _;

    /// What other implementations made is accepted, and the other way round.
    #[test]
    fn it_is_the_same_function() {
        let (ours, theirs) = (Hasher::new().unwrap(), Hasher::new().unwrap().0);
        let salt = b"0123456789abcdef";
        let hash = ours.hash_password_with_salt(b"a password", salt).unwrap();
        let same = theirs.hash_password_with_salt(b"a password", salt).unwrap();
        assert_eq!(hash.to_string(), same.to_string());
        assert!(theirs.verify_password(b"a password", &hash).is_ok());
        assert!(ours.verify_password(b"a password", &same).is_ok());
        assert!(ours.verify_password(b"another one", &same).is_err());
    }

    /// The parameters are those of the hash, not ours.
    #[test]
    fn a_hash_names_its_parameters() {
        let other = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 3, 2, None).unwrap());
        let hash = other.hash_password_with_salt(b"a password", b"0123456789abcdef").unwrap();
        assert!(Hasher::new().unwrap().verify_password(b"a password", &hash).is_ok());
    }
}

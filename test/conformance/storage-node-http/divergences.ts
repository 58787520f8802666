/**
 * @file Where our nodes answer otherwise than the recorded ones, by the record's name, and why.
 *
 * The numbers are those of docs/storage-node-releases.md.
 */
import type { BehaviourProfile } from '#localnet/nodes/behaviour.ts';

const TLS_ALERT = '17: a TLS alert there, a closed connection here; no HTTP answer either way';

export const recordedDivergences: Readonly<
  Record<BehaviourProfile, Readonly<Record<string, string>>>
> = {
  current: {
    'metadata PUT not registered, pending=true':
      '8: the newer release knows pending=true; production builds have no room for it (CACHE_SATURATED)',
    'metadata PUT not registered AND wrong blob (body belongs to another blob)':
      '4: the newer release verifies before it looks at the registration',
    'sliver PUT wrong pair (body belongs to another pair of the same node)':
      '2: the newer release checks that a sliver belongs to the pair of its path',
    'sliver PUT corrupted data byte':
      '2: nothing occupies the slot, so the body is verified and refused',
    'sliver PUT wrong symbol size':
      '2: nothing occupies the slot, so the body is verified and refused',
    'sliver PUT too short data (8 symbols instead of 9)':
      '2: nothing occupies the slot, so the body is verified and refused',
    'sliver PUT secondary body on primary path':
      '2: nothing occupies the slot, so the body is verified and refused',
    'sliver PUT sliver of another blob':
      '2: nothing occupies the slot, so the body is verified and refused',
    'sliver PUT body too large (600000 bytes; limit 9*65534+128 = 589934)':
      '14: the newer release gives the reason SLIVER_TOO_LARGE in JSON',
    'sliver PUT wrong content type text/plain (body correct)':
      '1: the newer release answers 201 for a new sliver',
    'sliver PUT repeated': '1: the newer release says "sliver already stored"',
    'sliver PUT repeated but corrupted': '1: the newer release says "sliver already stored"',
    'sliver PUT new secondary': '1: the newer release answers 201 for a new sliver',
    'sliver GET ok primary':
      '2: the wrong-pair sliver before it was refused, so the right one is stored and served',
    'confirmation deletable for a permanent blob object':
      '9: the newer release signs only what is so: the object must be live, deletable and of this blob',
    'recoverySymbols before certification':
      '2: the wrong-pair sliver before it was refused, so the right one is stored and served',
    'sliver PUT after certification': '1: the newer release says "sliver already stored"',
    'recoverySymbols id (primary index of an own sliver)':
      '2: the wrong-pair sliver before it was refused, so the right one is stored and served',
    'recoverySymbols two ids':
      '2: the wrong-pair sliver before it was refused, so the right one is stored and served',
    'recoverySymbols id with proofAxis=primary':
      '2: the wrong-pair sliver before it was refused, so the right one is stored and served',
    'recoverySymbols targetSliver secondary 0':
      '2: the wrong-pair sliver before it was refused, so the right one is stored and served',
    'recoverySymbols/{symbol_id} held by other nodes only':
      '12: the newer release has no route for one symbol and none for the old form',
    'recoverySymbols/{symbol_id}':
      '12: the newer release has no route for one symbol and none for the old form',
    'recoverySymbols no query': '13: the newer release gives a reason in JSON',
    'recoverySymbols bad id text': '13: the newer release gives a reason in JSON',
    'recoverySymbols deprecated form slivers/{pair}/{type}/{target_pair}':
      '12: the newer release has no route for one symbol and none for the old form',
    'decodingSymbols (absent in this version)': '12: the newer release has decodingSymbols',
    'confirmation deletable wrong object id (object of another blob)':
      '9: the newer release signs only what is so: the object must be live, deletable and of this blob',
    'confirmation permanent for a deletable-only blob, all stored':
      '9: the newer release signs "permanent" only for a permanent registration',
    'metadata PUT deleted blob':
      '4: the newer release looks for stored metadata before it looks at the registration',
    '[fresh sliver] sliver PUT embedded sliver index 13 (out of range)':
      '2: the newer release checks that a sliver belongs to the pair of its path',
    '[fresh sliver] sliver PUT right data but embedded index of another sliver':
      '2: the newer release checks that a sliver belongs to the pair of its path',
    '[fresh sliver] sliver PUT secondary body on primary path':
      '2: the newer release checks that a sliver belongs to the pair of its path',
    '[fresh sliver] sliver PUT wrong content type text/plain (correct body, new)':
      '1: the newer release answers 201 for a new sliver',
    '[fresh sliver] sliver PUT repeated': '1: the newer release says "sliver already stored"',
    '[fresh sliver] sliver PUT repeated, corrupted (already stored, not checked)':
      '1: the newer release says "sliver already stored"',
    '[fresh sliver] sliver PUT wrong pair: valid sliver of pair 12 sent to path pair 11':
      '2: the newer release checks that a sliver belongs to the pair of its path',
    '[fresh sliver] sliver GET after the wrong-pair PUT: returns the wrong sliver':
      '2: the wrong-pair sliver before it was refused, so the right one is stored and served',
    '[fresh sliver] sliver PUT the right sliver afterwards (already stored, ignored)':
      '1: the newer release answers 201 for a new sliver',
    '[fresh sliver] sliver GET after that: still the wrong one':
      '2: the wrong-pair sliver before it was refused, so the right one is stored and served',
    '[fresh sliver] sliver PUT wrong pair secondary':
      '2: the newer release checks that a sliver belongs to the pair of its path',
    'plain HTTP request to the TLS port': TLS_ALERT,
    '[clean blob K] recoverySymbols/{symbol_id}':
      '12: the newer release has no route for one symbol and none for the old form',
    '[clean blob K] recoverySymbols deprecated form':
      '12: the newer release has no route for one symbol and none for the old form',
    '[clean blob K] recoverySymbols deprecated form secondary':
      '12: the newer release has no route for one symbol and none for the old form',
  },
  'walrus-1.32': {
    'plain HTTP request to the TLS port': TLS_ALERT,
  },
};

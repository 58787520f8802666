/**
 * @file Every place where the contracts abort, with its code.
 *
 * Function index and instruction are those of the recorded contract release (1.32); the ones that
 * the recording doesn't contain are 0. Clients go by module, function and code.
 */
import type { AbortSite } from '../move/abort.ts';

const site =
  (module: string, name: string, functionIndex = 0) =>
  (code: number, instruction = 0): AbortSite => ({
    module,
    function: name,
    code: BigInt(code),
    functionIndex,
    instruction,
  });

const certify = site('walrus::blob', 'certify_with_certified_msg', 14);
const newBlob = site('walrus::blob', 'new', 13);
const deleteBlob = site('walrus::blob', 'delete', 15);
const certificate = site('walrus::bls_aggregate', 'verify_certificate_and_weight', 15);
const reserveWithoutPayment = site(
  'walrus::system_state_inner',
  'reserve_space_without_payment',
  4,
);
const extendBlob = site('walrus::system_state_inner', 'extend_blob', 10);
const reserve = site('walrus::system_state_inner', 'reserve_space', 2);
const reserveForEpochs = site('walrus::system_state_inner', 'reserve_space_for_epochs', 3);
const certifiedMessage = site('walrus::messages', 'new_certified_message');

export const sites = {
  wrongSystemVersion: site('walrus::system', 'inner')(1),
  wrongStakingVersion: site('walrus::staking', 'inner')(1),

  storageExceeded: reserveWithoutPayment(1, 83),
  resourceSizeZero: reserveWithoutPayment(11, 36),
  noEpochsAhead: reserve(2, 12),
  tooManyEpochsAhead: reserve(2, 27),
  emptyEpochRange: reserveForEpochs(2, 24),
  epochRangeTooFar: reserveForEpochs(2, 46),
  extendByNothing: extendBlob(2, 31),
  extendTooFar: extendBlob(2, 46),
  extendStorageExceeded: extendBlob(1),
  subsidyNoEpochs: site('walrus::system_state_inner', 'add_subsidy')(2),
  tooFarInFuture: site('walrus::storage_accounting', 'ring_lookup_mut')(0),

  notCertified: site('walrus::blob', 'assert_certified_not_expired', 11)(0, 8),
  expired: site('walrus::blob', 'assert_certified_not_expired', 11)(2),
  notDeletable: deleteBlob(1, 19),
  deleteExpired: deleteBlob(2),
  newOutsideStorage: newBlob(2),
  storageTooSmall: newBlob(3, 29),
  newInvalidBlobId: newBlob(6, 39),
  certifyInvalidBlobId: certify(6, 11),
  alreadyCertified: certify(5, 21),
  certifyExpired: certify(2),
  persistenceMismatch: certify(9, 49),
  otherBlobObject: certify(10, 68),
  extensionNotLater: site('walrus::blob', 'extend_with_resource')(2),
  duplicateMetadata: site('walrus::blob', 'add_metadata', 19)(7, 10),
  missingMetadata: site('walrus::blob', 'metadata', 22)(8, 9),
  takeMissingMetadata: site('walrus::blob', 'take_metadata')(8),

  splitEpochOutside: site('walrus::storage_resource', 'split_by_epoch', 5)(0, 23),
  splitSizeTooLarge: site('walrus::storage_resource', 'split_by_size')(2),
  fusePeriodsSize: site('walrus::storage_resource', 'fuse_periods', 7)(2, 16),
  fusePeriodsEpochs: site('walrus::storage_resource', 'fuse_periods', 7)(1),
  fuseAmountEpochs: site('walrus::storage_resource', 'fuse_amount', 8)(1, 27),
  storageRange: site('walrus::storage_resource', 'create_storage')(3),

  bitmapTooLong: certificate(0, 28),
  bitmapOutOfRange: certificate(0, 95),
  notEnoughStake: certificate(2, 160),
  signatureInvalid: certificate(1, 201),

  messageVersion: certifiedMessage(3),
  messageApp: certifiedMessage(0),
  messageEpoch: certifiedMessage(1),
  messageType: site('walrus::messages', 'certify_blob_message')(2),
  invalidationMessageType: site('walrus::messages', 'invalid_blob_id_message')(2),
  persistenceKind: site('walrus::messages', 'peel_blob_persistence_type')(4),
  messageTooShort: site('sui::bcs', 'peel_u8')(0),

  encodingType: site('walrus::encoding', 'encoded_blob_length', 0)(0, 6),

  exchangeFunds: site('exchange::wal_exchange', 'exchange_all_for_wal')(0),
  exchangeFundsSui: site('exchange::wal_exchange', 'exchange_all_for_sui')(0),
  exchangeInputSui: site('exchange::wal_exchange', 'exchange_for_wal')(1),
  exchangeInputWal: site('exchange::wal_exchange', 'exchange_for_sui', 16)(1, 14),

  balanceSplit: site('sui::balance', 'split', 7)(2, 10),
  balanceNotZero: site('sui::balance', 'destroy_zero', 9)(0, 8),
  balanceOverflow: site('sui::balance', 'join')(1),
  mapKeyMissing: site('sui::vec_map', 'get_idx', 15)(1, 9),
  bagNotEmpty: site('sui::bag', 'destroy_empty')(0),
  fieldTaken: site('sui::dynamic_field', 'add')(0),
  fieldMissing: site('sui::dynamic_field', 'borrow_child_object')(1),
  fieldType: site('sui::dynamic_field', 'borrow_child_object')(2),
} as const;

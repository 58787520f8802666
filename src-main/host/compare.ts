/** @file Two trees compared in content and metadata, for `floe demo`. */
export { compareTrees as compareFolders } from '#platform/compare-trees.ts';

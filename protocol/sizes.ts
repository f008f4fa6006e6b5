/** The region behind the last partition that holds a seed: what follows the prefix in every image. */
export const REGION_BYTES = 4 * 1024 * 1024;
/** The report on the boot partition, where a laptop reads what the card did: as long as this from the start, since nothing is allocated later. */
export const REPORT_BYTES = 8192;

import { describeStock } from './describe-stock.ts';

describeStock('bookworm');

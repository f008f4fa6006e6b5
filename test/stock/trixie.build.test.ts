import { describeStock } from './describe-stock.ts';

describeStock('trixie');

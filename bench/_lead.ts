import 'reflect-metadata';
import { parse, execute } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { buildMainSchema } from '../src/graphql/buildSchemas';
const schema = buildMainSchema();
const document = parse('subscription ($m: [MarketId!]!) { tickers(markets: $m) { meta { kind seq at } tickers { marketId bid ask receivedTime last } } }');
const ev = {meta:{kind:'UPDATE',seq:'12',at:Date.now(),cursor:'x',reason:null},tickers:[{marketId:'simulator:BTC/USDT',bid:'1.5',ask:'1.6',receivedTime:Date.now(),last:'1.5'}]};
const c = compileQuery(schema, document, undefined, {});
if (!isCompiledQuery(c)) throw new Error(JSON.stringify(c));
const vars={m:['simulator:BTC/USDT']};
console.log(JSON.stringify(c.query(ev, {}, vars)));
console.log(JSON.stringify(execute({schema, document, rootValue: ev, contextValue: {}, variableValues: vars})));
console.log('err', JSON.stringify(c.query({...ev, meta: {...ev.meta, kind: 'X'}}, {}, vars)), JSON.stringify(execute({schema, document, rootValue: {...ev, meta: {...ev.meta, kind: 'X'}}, contextValue: {}, variableValues: vars})));
for (const [n,f] of [['jit',()=>c.query(ev,{},vars)],['js',()=>execute({schema, document, rootValue: ev, contextValue: {}, variableValues: vars})],['json',()=>JSON.stringify({data:{tickers:ev}})]] as const) { for(let r=0;r<3;r++){const t=process.hrtime.bigint(); for(let i=0;i<50000;i++) f(); if(r==2)console.log(n, Number(process.hrtime.bigint()-t)/50000/1000,'us');} }

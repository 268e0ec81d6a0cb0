-- The rights of the machines: to read, and to append by two functions. Give each machine, or each
-- person, a role of its own in this one.
CREATE ROLE inventory_app NOLOGIN;
GRANT USAGE ON SCHEMA inventory TO inventory_app;
GRANT SELECT ON ALL TABLES IN SCHEMA inventory TO inventory_app;
GRANT EXECUTE ON FUNCTION inventory.hold, inventory.append TO inventory_app;
-- CREATE ROLE till_1 LOGIN IN ROLE inventory_app PASSWORD '…';
-- To keep a role to one ledger, by its name:
-- INSERT INTO inventory.kept_to SELECT 'till_1', ledger FROM inventory.ledgers WHERE name = 'shop-1';

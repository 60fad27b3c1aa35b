-- The fence stays for as long as the claim would have been kept: a clock that steps back by less
-- cannot make a later one lower.
if is_held and owner == ARGV[1] then
    local released = entry('R', owner, 0, number(35), string.rep('\0', 33))
    local saved = save(released, 'KEEPTTL')
    -- Where there is no memory left a claim that nobody has any more is still not to stay: then the
    -- clock alone keeps fences rising.
    if saved.err and string.find(saved.err, 'OOM', 1, true) then
        saved = {ok = redis.call('DEL', KEYS[1])}
    end
    if saved.err then return saved end
end
return {'released'}

(function(d){
var i=d.getElementById("token")
function move(){
var m=/(?:#|%23)(ps[a-z]_[\w-]+)/.exec(location.href)
if(!m)return
i.value=m[1]
i.parentNode.hidden=true
history.replaceState(null,"",location.pathname.replace(/\/?%23.*/,"")+location.search)
}
move()
addEventListener("hashchange",move)
d.querySelectorAll(".tools a").forEach(function(a){a.onclick=function(){a.hash=i.value}})
})(document)
